import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs a program to its end; rejects with the last line that it wrote to stderr. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: Record<string, string | undefined> },
): Promise<string> {
  try {
    const { stdout } = await run(command, args, {
      timeout: options.timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      ...(options.env && { env: options.env as NodeJS.ProcessEnv }),
    });
    return stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim().split("\n").at(-1) || message, { cause: error });
  }
}
