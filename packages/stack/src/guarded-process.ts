import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { signalGroup } from "./signal-group.js";

/**
 * Runs a program that cannot watch over its parent itself. It is asked to stop (SIGTERM) when the pipe to
 * the guard closes, which also happens when this process is killed without a chance to clean up. A program
 * that refuses (Redis does, when it cannot save) is killed after ten seconds. What it writes, other users do not read.
 * Descriptor 3 is the program's alone.
 */
const guardScript = `
umask 077
exec 4<&0
"$@" </dev/null 4<&- &
program=$!
exec 3>&-
{
  cat <&4
  kill -TERM "$program"
  for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$program" || exit; done
  kill -KILL "$program"
} >/dev/null 2>&1 &
exec 4<&-
wait "$program"
`;

export interface GuardedProcess {
  /** Resolves when the program has ended, with its last lines of output. */
  readonly ended: Promise<string>;
  /** Resolves when a line of output fits the pattern; rejects with the last lines when the program ends before. */
  sees(pattern: RegExp, timeoutMs: number): Promise<void>;
  /** Sends a signal to the program and to all that it has started. */
  signal(signal: NodeJS.Signals): void;
  /** Asks the program to stop and waits; past the deadline it is killed. */
  stop(deadlineMs?: number): Promise<void>;
}

/**
 * Starts a program in a process group of its own, so that a Ctrl-C in the terminal does not reach it.
 * @param lock the descriptor of a file whose lock the program is to hold while it runs
 */
export function startGuarded(command: string, args: readonly string[], lock?: number): GuardedProcess {
  const guard = spawn("/bin/sh", ["-c", guardScript, "guard", command, ...args], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe", lock ?? "ignore"],
  }) as ChildProcessWithoutNullStreams;
  guard.stdin.on("error", () => undefined);
  const output = collectOutput(guard);
  const ended = new Promise<string>((resolve) => {
    guard.once("error", (error) => resolve(error.message));
    guard.once("exit", () => setImmediate(() => resolve(output.tail())));
  });
  void ended.then(() => signalGroup(guard.pid, "SIGKILL"));
  return {
    ended,
    sees: (pattern, timeoutMs) => output.sees(pattern, timeoutMs, ended),
    signal: (signal) => signalGroup(guard.pid, signal),
    async stop(deadlineMs = 10_000) {
      guard.stdin.end();
      const timer = setTimeout(() => signalGroup(guard.pid, "SIGKILL"), deadlineMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function collectOutput({ stdout, stderr }: ChildProcessWithoutNullStreams) {
  let recent = "";
  for (const stream of [stdout, stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      recent = (recent + text).slice(-4000);
    });
  }
  const tail = () => recent.trim().split("\n").slice(-5).join("\n");
  return {
    tail,
    sees(pattern: RegExp, timeoutMs: number, ended: Promise<string>): Promise<void> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`it was not ready after ${timeoutMs / 1000} s\n${tail()}`)),
          timeoutMs,
        );
        void ended.then((last) => reject(new Error(last))).finally(() => clearTimeout(timer));
        const look = () => {
          if (!pattern.test(recent)) return;
          clearTimeout(timer);
          stdout.off("data", look);
          resolve();
        };
        stdout.on("data", look);
      });
    },
  };
}
