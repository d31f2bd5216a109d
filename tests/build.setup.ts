import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { repository } from "./support/test-data.js";

/**
 * Builds what processes under test run: once, before the tests of all projects. Nothing is built within a test, where
 * others run what is there meanwhile.
 */
export default function buildSources(): void {
  const compiler = join(repository, "node_modules", "typescript", "bin", "tsc");
  const console = join(repository, "apps", "console", "build.mjs");
  for (const command of [[compiler, "-b"], [console]]) {
    execFileSync(process.execPath, command, { cwd: repository, stdio: "inherit" });
  }
}
