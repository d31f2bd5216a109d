import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { MemoryGroup } from "./memory-group.js";
import { repository } from "./test-data.js";

interface LogLine extends Record<string, unknown> {
  readonly msg: string;
}

export interface ServiceProcessOptions {
  readonly group?: MemoryGroup;
  /** Whether it stops when the channel to whoever started it closes. */
  readonly channel?: boolean;
}

/** A part of the fleet as it runs in production: `node apps/<app>/dist/main.js`. */
export class ServiceProcess {
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #output = "";

  constructor(app: "api" | "worker", env: Record<string, string>, { group, channel }: ServiceProcessOptions = {}) {
    const entry = join(repository, "apps", app, "dist", "main.js");
    const command = [process.execPath, "--enable-source-maps", entry];
    const [program, ...args] = group ? ["sh", "-c", `${group.enter} && exec "$0" "$@"`, ...command] : command;
    this.process = spawn(program!, args, {
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...env },
      stdio: ["ignore", "pipe", "pipe", ...(channel ? (["ipc"] as const) : [])],
    });
    this.#ended = once(this.process, "exit");
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
    const lines = this.#output.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  logged(message: string): LogLine[] {
    return this.lines.filter(({ msg }) => msg === message);
  }

  /** Its exit code, or the signal that ended it, once it has. */
  get ended(): Promise<number | string> {
    return this.#ended.then(([code, by]) => (code ?? by) as number | string);
  }

  /** Ends it; resolves to its exit code, or to the signal that ended it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.process.kill(signal);
    return this.ended;
  }
}
