import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Runs a program to its end; rejects with the last line that it wrote to stderr.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeoutMs: number, env?: import("../environment.js").Environment }} options
 * @returns {Promise<string>} what it wrote to stdout
 */
export async function runCommand(command, args, { timeoutMs, env }) {
  try {
    const { stdout } = await run(command, args, {
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      ...(env && { env }),
    });
    return stdout;
  } catch (error) {
    throw new Error(whatItSaid(error, timeoutMs), { cause: error });
  }
}

/**
 * @param {any} error
 * @param {number} timeoutMs
 */
function whatItSaid({ stderr, message, killed }, timeoutMs) {
  if (killed) return `no end within ${timeoutMs / 1000} s`;
  return stderr?.trim().split("\n").at(-1) || message;
}
