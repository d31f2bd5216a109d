// What the package holds: modules as `tsc -b` builds them, and beside them the same for `require`.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));

for (const args of [["-b"], ["-p", "tsconfig.commonjs.json"]]) {
  execFileSync(process.execPath, [compiler, ...args], { cwd: here, stdio: "inherit" });
}
writeFileSync(new URL("dist/commonjs/package.json", import.meta.url), '{ "type": "commonjs" }\n');
