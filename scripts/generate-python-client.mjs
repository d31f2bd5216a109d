// Writes what of the Python client is generated; with --check says whether it is as it would be. Without a Python nothing is
// done but to say so.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { noPython, providePython } from "./generate/python-environment.mjs";

const client = fileURLToPath(new URL("../clients/python", import.meta.url));
const reason = noPython();

if (reason) {
  process.stderr.write(`SKIPPED: the Python client is NOT GENERATED: ${reason}\n`);
} else {
  // biome-ignore lint/style/noProcessEnv: where the user's cache is
  const python = await providePython(client, process.env);
  const { status, error } = spawnSync(python, ["generate.py", ...process.argv.slice(2)], {
    cwd: client,
    stdio: "inherit",
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
