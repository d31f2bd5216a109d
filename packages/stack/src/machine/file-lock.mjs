// Plain JavaScript, because scripts/bootstrap.mjs needs it before anything is built.
import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Programs that call flock(2), which Node cannot, on the file that they find open as descriptor 3. */
const takers = [
  ["flock", "-n", "3"],
  ["perl", "-e", "open(my $file, '>&=', 3) or die $!; exit(flock($file, 2 | 4) ? 0 : 1)"],
];
const pauseMs = 200;

/**
 * Locks an open file, unless somebody else has it locked. The kernel lets go of the lock when the file is closed here
 * and in every program that was started with it, so when they have ended, however that was. Unlike a process id in a
 * file, which may be alive again, or that of a process in another container.
 *
 * @param {import("node:fs/promises").FileHandle} file open for writing
 * @returns {Promise<boolean>}
 */
export async function lockFile(file) {
  for (const [command = "", ...args] of takers) {
    const { code, fault } = await run(command, args, file.fd);
    if (code === 0 || code === 1) return code === 0;
    if (code !== undefined) throw new Error(`Expected "${command}" to lock a file but received: ${fault}`);
  }
  throw new Error(`Expected flock (of util-linux) or perl on the PATH, to lock files with, but found neither`);
}

/**
 * Waits until a file is locked here; makes it when there is none. Whoever closes the file lets go of the lock.
 *
 * @param {string} path
 * @param {() => void} onWait is told, once, that somebody else has it
 */
export async function waitForLock(path, onWait) {
  const file = await openLock(path);
  try {
    for (let told = false; !(await lockFile(file)); told = true) {
      if (!told) onWait();
      await sleep(pauseMs);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @param {string} path */
export async function openLock(path) {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return open(path, "a", 0o600);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {number} fd
 * @returns {Promise<{ code?: number, fault: string }>} no code when there is no such program
 */
function run(command, args, fd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe", fd] });
    let fault = "";
    child.stderr?.on("data", (text) => {
      fault += text;
    });
    child.once("error", (error) =>
      "code" in error && error.code === "ENOENT" ? resolve({ fault: "" }) : reject(error),
    );
    child.once("close", (code, signal) =>
      code === null ? reject(new Error(`${command} ended with ${signal}`)) : resolve({ code, fault: fault.trim() }),
    );
  });
}
