import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../packages/stack/src/machine/cache-folder.mjs";
import { waitForLock } from "../../packages/stack/src/machine/file-lock.mjs";

/** Why the Python client cannot be worked on here; undefined when it can. */
export function noPython() {
  const ask = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))";
  try {
    execFileSync("python3", ["-c", ask], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no Python 3.10 with venv (Debian: apt-get install python3-venv)";
  }
}

/**
 * A Python with what the client, its generator and its tests need: a virtual environment in the user's cache, made once on
 * a machine for each list of that.
 *
 * @param {string} client the client's folder
 * @param {import("../../packages/stack/src/environment.js").Environment} env
 * @returns {Promise<string>} the path of the program
 */
export async function providePython(client, env) {
  const requirements = join(client, "dev-requirements.txt");
  const name = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const folder = join(cacheFolder(env) ?? tmpdir(), "python-client", name);
  const python = join(folder, "bin", "python");
  const lock = await waitForLock(`${folder}.lock`, () => undefined);
  try {
    if (!existsSync(join(folder, "ready"))) {
      execFileSync("python3", ["-m", "venv", "--clear", folder], { stdio: "pipe" });
      execFileSync(python, ["-m", "pip", "install", "--quiet", "--requirement", requirements], { stdio: "pipe" });
      writeFileSync(join(folder, "ready"), "");
    }
    return python;
  } finally {
    await lock.close();
  }
}
