import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceProcess } from "./service-process.js";

export interface WorkerSupervisorOptions {
  readonly start: () => Promise<ServiceProcess>;
  readonly readyTimeoutMs: number;
  readonly say: (line: string) => void;
  /** Pause before the first restart; it doubles with every death that follows soon. */
  readonly firstPauseMs?: number;
  readonly maxRestarts?: number;
}

/** A life this long forgives the deaths before it. */
const stableMs = 60_000;

/** Keeps one worker alive: starts it, and starts it again when it dies, with growing pauses. */
export class WorkerSupervisor {
  readonly #options: Required<WorkerSupervisorOptions>;
  readonly #stopping = new AbortController();
  #current: ServiceProcess | undefined;

  constructor(options: WorkerSupervisorOptions) {
    this.#options = { firstPauseMs: 1000, maxRestarts: 5, ...options };
  }

  /** Starts the worker and waits until it is ready. */
  async start(signal: AbortSignal): Promise<void> {
    this.#current = await this.#options.start();
    await this.#current.ready(this.#options.readyTimeoutMs, signal);
  }

  /** Resolves with a sentence when the worker has died too often; until then it is restarted. */
  async watch(): Promise<string> {
    const { say, firstPauseMs, maxRestarts } = this.#options;
    for (let restarts = 0; ; restarts++) {
      const since = Date.now();
      const how = await this.#current?.ended;
      if (this.#stopping.signal.aborted) return "stopped";
      if (Date.now() - since > stableMs) restarts = 0;
      if (restarts >= maxRestarts) return `The worker died ${restarts + 1} times, at last with ${how}`;
      const pauseMs = firstPauseMs * 2 ** restarts;
      say(`The worker ended with ${how}; starting another one in ${pauseMs / 1000} s`);
      await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return "stopped";
      this.#current = await this.#options.start();
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#current?.stop(deadlineMs);
  }

  kill(): void {
    this.#stopping.abort();
    this.#current?.kill();
  }
}
