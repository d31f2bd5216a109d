// Runs a command under another version of Node, which comes as npm's package of its program and is kept in the user's cache.
// node scripts/with-node.mjs 24 npx vitest run --project unit
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../packages/stack/src/machine/cache-folder.mjs";

const [version, command, ...args] = process.argv.slice(2);
// biome-ignore lint/style/noProcessEnv: passed on
const env = process.env;

if (!command) {
  process.stderr.write("error: Expected a version of Node and a command, such as: 24 npx vitest run --project unit\n");
  process.exit(1);
}
const { status, error } = spawnSync(command, args, {
  stdio: "inherit",
  env: { ...env, PATH: [provideNode(version), env.PATH].join(delimiter) },
});
if (error) throw error;
process.exit(status ?? 1);

/** The folder of the program. */
function provideNode(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(cacheFolder(env) ?? tmpdir(), "node", version);
  const programs = join(folder, "node_modules", name, "bin");
  if (!existsSync(join(programs, "node"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }');
    const quiet = ["--no-audit", "--no-fund", "--silent"];
    execFileSync("npm", ["install", "--prefix", folder, ...quiet, `${name}@${version}`], { stdio: "inherit" });
  }
  return programs;
}
