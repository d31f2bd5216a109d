import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { waitForLock } from "../../packages/stack/src/machine/file-lock.mjs";
import { dataDir, root, say } from "./checkout.mjs";
import { install, isInstalled } from "./install.mjs";
import { needsOf } from "./needs.mjs";
import { runOrShow } from "./run-locked.mjs";

/** Whether the checkout is ready for the command; when not, says why. */
export async function makeReady(command) {
  try {
    const lock = await waitForLock(join(dataDir, "bootstrap.lock"), () =>
      say("Waiting for another npm command, which is installing or building this checkout"),
    );
    try {
      // One that an older version has made is open to everybody.
      chmodSync(dataDir, 0o700);
      await installFor(needsOf(command), lock.fd);
      build(lock.fd);
    } finally {
      await lock.close();
    }
    return true;
  } catch (error) {
    say(`error: ${error.message}`);
    process.exitCode = 1;
    return false;
  }
}

async function installFor({ packages, machine }, lock) {
  if (isInstalled(packages)) return;
  for (const check of machine) await check();
  await install(packages, lock);
}

function build(lock) {
  if (!existsSync(join(root, "apps", "cli", "dist", "main.js"))) say("Building");
  runOrShow(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], lock);
  runOrShow(process.execPath, [join(root, "apps", "console", "build.mjs")], lock);
}
