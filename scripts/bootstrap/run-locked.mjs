import { spawnSync } from "node:child_process";
import { root } from "./checkout.mjs";

/**
 * Runs a program in the checkout to its end. It keeps the lock while it runs: it may outlive this process.
 *
 * @returns what it wrote, and how it ended when that was not well
 */
export function runLocked(command, args, lock, env) {
  const stdio = ["ignore", "pipe", "pipe", lock];
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const failure = status === 0 ? undefined : error ? error.message : signal || `exit code ${status}`;
  return { failure, stdout: stdout || "", stderr: stderr || "" };
}

/** The same for a program whose own words are what there is to be said when it fails. */
export function runOrShow(command, args, lock, env) {
  const { failure, stdout, stderr } = runLocked(command, args, lock, env);
  if (failure === undefined) return;
  process.stderr.write(`${stdout}${stderr}`);
  throw new Error(`Expected "${command} ${args.join(" ")}" to succeed but received: ${failure}`);
}
