// Writes packages/client/src/wire.ts from the contracts, which alone are built for it: what uses the types may not be before.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-b", "packages/contracts"], {
  cwd: root,
  stdio: "inherit",
});
const { clientTypes } = await import("./generate/client-types.mjs");
writeFileSync(new URL("../packages/client/src/wire.ts", import.meta.url), await clientTypes());
