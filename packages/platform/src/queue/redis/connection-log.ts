import { type Logger, OccasionalLines } from "../../logging/index.js";
import type { Purpose } from "./redis-connection.js";

const everyMs = 1000;
/** How long a process takes to see that it cannot start. */
const startMs = 2000;
/** What is lost together does not all say so at the same moment. */
const togetherMs = 50;

interface Loss {
  /** Where it is. */
  readonly redis: string;
  readonly error: Error | undefined;
  readonly message: string;
  /** Whether it is to be said also where all was there again before it has been. */
  readonly isSaidAnyway: boolean;
  readonly timer: NodeJS.Timeout;
}

/** Says once when connections of a process to Redis are lost, naming what is affected, and once when all are there again. */
export class ConnectionLog {
  readonly #lines: OccasionalLines;
  readonly #lost = new Set<Purpose>();
  /** All that have been lost since all were there. */
  readonly #affected = new Set<Purpose>();
  #unsaid: Loss | undefined;

  constructor(logger: Logger) {
    this.#lines = new OccasionalLines(logger, everyMs);
  }

  lost(purpose: Purpose, redis: string, error: Error | undefined): void {
    this.#gone(purpose, togetherMs, {
      redis,
      error,
      message: "Redis connection lost; trying to reconnect",
      isSaidAnyway: true,
    });
  }

  /** One that has never been there: nobody needs to hear of it who is told that the process cannot start. */
  absent(purpose: Purpose, redis: string, error: Error | undefined): void {
    this.#gone(purpose, startMs, {
      redis,
      error,
      message: "Redis cannot be reached yet; trying again",
      isSaidAnyway: false,
    });
  }

  restored(purpose: Purpose): void {
    if (!this.#lost.delete(purpose) || this.#lost.size > 0) return;
    if (this.#unsaid?.isSaidAnyway) this.#say();
    const isUnsaid = this.#unsaid !== undefined;
    this.#forgetLoss();
    if (!isUnsaid) this.#lines.write("info", {}, "Redis connection restored");
  }

  /** One that is closed comes back no more. */
  forget(purpose: Purpose): void {
    this.#lost.delete(purpose);
    if (this.#lost.size === 0) this.#forgetLoss();
  }

  #gone(purpose: Purpose, afterMs: number, loss: Omit<Loss, "timer">): void {
    if (this.#lost.has(purpose)) return;
    this.#lost.add(purpose);
    this.#affected.add(purpose);
    if (this.#lost.size > 1) return;
    this.#unsaid = { ...loss, timer: setTimeout(() => this.#say(), afterMs).unref() };
  }

  #say(): void {
    if (!this.#unsaid) return;
    const { redis, error, message, timer } = this.#unsaid;
    clearTimeout(timer);
    this.#unsaid = undefined;
    this.#lines.write("warn", { err: error, redis, affected: [...this.#affected] }, message);
  }

  #forgetLoss(): void {
    clearTimeout(this.#unsaid?.timer);
    this.#unsaid = undefined;
    this.#affected.clear();
  }
}
