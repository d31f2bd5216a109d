import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Environment } from "./environment.js";
import { signalGroup } from "./signal-group.js";

export interface ServiceProcessOptions {
  /** For people: "api", "worker". */
  readonly name: string;
  /** The program's main file. */
  readonly main: string;
  readonly env: Environment;
  /** Where its /readyz is: "http://127.0.0.1:3000". */
  readonly address: string;
  /** Where its output goes: to ours, to an open file, or nowhere. What it says on stderr is not thrown away. */
  readonly output?: "inherit" | "ignore" | number;
}

/**
 * One program of the fleet as a child process. It leads a process group of its own, so that a Ctrl-C in the
 * terminal does not reach it, and holds an IPC channel, whose end tells it that this process is gone.
 */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #options: ServiceProcessOptions;
  /** Resolves with the way it ended: "exit code 1", "SIGKILL". */
  readonly ended: Promise<string>;

  constructor(options: ServiceProcessOptions) {
    this.#options = options;
    const { output = "inherit" } = options;
    this.#child = spawn(process.execPath, ["--enable-source-maps", options.main], {
      env: options.env as NodeJS.ProcessEnv,
      detached: true,
      stdio: ["ignore", output, output === "ignore" ? "inherit" : output, "ipc"],
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    // A program that died without its own clean-up must not leave its children behind.
    void this.ended.then(() => signalGroup(this.#child.pid, "SIGKILL"));
  }

  get name(): string {
    return this.#options.name;
  }

  /** Undefined when it could not be started at all. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits until /readyz says so. Throws when the program ends before, or when `signal` fires. */
  async ready(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { address } = this.#options;
    const giveUp = Date.now() + timeoutMs;
    const ended = this.ended.then((how) => {
      throw new Error(`Expected the ${this.name} to start but it ended with ${how}`);
    });
    ended.catch(() => undefined);
    while (!(await Promise.race([ended, isReady(address)]))) {
      if (Date.now() > giveUp) throw new Error(`Expected the ${this.name} to be ready within ${timeoutMs / 1000} s`);
      await Promise.race([ended, sleep(200, undefined, { signal })]);
    }
  }

  /** Asks the program to stop and waits; past the deadline it is killed. */
  async stop(deadlineMs: number): Promise<void> {
    if (!this.#isRunning) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), deadlineMs);
    await this.ended;
    clearTimeout(timer);
  }

  /** Kills the program and all of its own children at once. */
  kill(): void {
    this.signal("SIGKILL");
  }

  /** Sends a signal to the program and all of its own children. */
  signal(signal: NodeJS.Signals): void {
    if (this.#isRunning) signalGroup(this.#child.pid, signal);
  }

  get #isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

async function isReady(address: string): Promise<boolean> {
  try {
    const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
