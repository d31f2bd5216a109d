import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { workerEntry } from "./environment.js";

export interface LogLine extends Record<string, unknown> {
  readonly msg: string;
}

/** The worker as it runs in production: `node dist/main.js` with its settings in the environment. */
export class WorkerProcess {
  readonly process: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  #output = "";

  constructor(env: Record<string, string>, options: { channel?: boolean } = {}) {
    this.process = spawn(process.execPath, [workerEntry], {
      env: {
        PATH: "/usr/bin:/bin",
        ...env,
        LOG_LEVEL: env.LOG_LEVEL === "silent" ? "info" : (env.LOG_LEVEL ?? "info"),
      },
      stdio: ["ignore", "pipe", "pipe", ...(options.channel ? (["ipc"] as const) : [])],
    });
    this.#exit = once(this.process, "exit");
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  get lines(): LogLine[] {
    return this.#output
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as LogLine);
  }

  logged(message: string): LogLine[] {
    return this.lines.filter(({ msg }) => msg === message);
  }

  /** The exit code, or the signal that ended it. */
  async ended(): Promise<number | string> {
    const [code, signal] = await this.#exit;
    return (code ?? signal) as number | string;
  }

  async kill(signal: NodeJS.Signals): Promise<number | string> {
    this.process.kill(signal);
    return await this.ended();
  }
}
