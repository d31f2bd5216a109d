import type { Worker } from "bullmq";
import { Backoff } from "../../lifecycle/index.js";
import { type Logger, OccasionalLines } from "../../logging/index.js";
import type { RedisConnection } from "./redis-connection.js";
import { isRedisTrouble } from "./redis-errors.js";

/** What a worker cannot do its jobs without. */
export type Part = "queue" | "store" | "engine";

/** A Redis that refused nothing for this long after a pause is well. */
const wellAfterMs = 10_000;

/**
 * Lets a BullMQ worker take jobs only while every part that they need is there. Redis itself is one: BullMQ asks again
 * at once when it is refused, so that a missing right or replica would be asked for thousands of times a second.
 */
export class Taking {
  readonly #away = new Set<Part>();
  readonly #lines: OccasionalLines;
  readonly #backoff = new Backoff({ firstMs: 1000, longestMs: 30_000 });
  #pause: NodeJS.Timeout | undefined;
  #lastRefusal = 0;

  constructor(
    private readonly worker: Worker,
    private readonly connection: Pick<RedisConnection, "isReady">,
    logger: Logger,
  ) {
    this.#lines = new OccasionalLines(logger);
    worker.on("error", (error) => this.#failed(error));
  }

  get isHeldUp(): boolean {
    return this.#away.size > 0;
  }

  /** Takes no more jobs until it is back; those under way go on. */
  async away(part: Part): Promise<void> {
    this.#away.add(part);
    await this.worker.pause(true);
  }

  async back(part: Part): Promise<void> {
    this.#away.delete(part);
    if (this.#away.size === 0) await this.worker.resume();
  }

  /** Lets the worker look for one more job though it has as many as it should, before one of them ends. */
  async oneMore(): Promise<void> {
    if (this.isHeldUp) return;
    // BullMQ looks again when it goes on after a pause, and not when it may have more.
    await this.worker.pause(true);
    if (!this.isHeldUp) await this.worker.resume();
  }

  stop(): void {
    clearTimeout(this.#pause);
  }

  /** The connection logs its own loss; BullMQ repeats it with every try. */
  #failed(error: Error): void {
    const isLost = !this.connection.isReady || "code" in error;
    // A worker that was stopped for a while says of each of its jobs that it has lost its lock.
    const kind = error.message.replace(/\bjob \S+/, "job");
    this.#lines.write(isLost ? "debug" : "warn", { err: error }, "BullMQ worker error", kind);
    if (!isLost && isRedisTrouble(error)) this.#refused();
  }

  #refused(): void {
    if (this.#away.has("queue")) return;
    if (performance.now() - this.#lastRefusal > wellAfterMs + this.#backoff.longestMs) this.#backoff.reset();
    this.#lastRefusal = performance.now();
    void this.away("queue");
    this.#pause = setTimeout(() => void this.back("queue"), this.#backoff.next()).unref();
  }
}
