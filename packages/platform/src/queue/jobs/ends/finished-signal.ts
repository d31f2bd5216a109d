import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../../logging/index.js";
import type { FleetRedis } from "../../redis/fleet-redis.js";

const openWithinMs = 500;

/**
 * Hears of every job that ends, or of every one that is canceled, wherever that happens, from when that is first needed on.
 * Messages sent while the connection is lost are lost too: a message is a hint to look, never the truth.
 */
export class FinishedSignal {
  readonly #redis: FleetRedis;
  readonly #channel: string;
  readonly #logger: Logger;
  readonly #listeners = new EventEmitter().setMaxListeners(0);
  #subscribed: Promise<unknown> | undefined;

  constructor(redis: FleetRedis, channel: string, logger: Logger) {
    this.#redis = redis;
    this.#channel = channel;
    this.#logger = logger;
  }

  /** Resolves once messages arrive, or after half a second without. */
  async open(): Promise<void> {
    this.#subscribed ??= this.#subscribe();
    await Promise.race([this.#subscribed, sleep(openWithinMs, undefined, { ref: false })]);
  }

  on(jobId: string, listener: () => void): void {
    this.#listeners.on(eventOf(jobId), listener);
  }

  off(jobId: string, listener: () => void): void {
    this.#listeners.off(eventOf(jobId), listener);
  }

  #subscribe(): Promise<unknown> {
    const { client } = this.#redis.news;
    client.on("message", (channel: string, jobId: string) => {
      if (channel === this.#channel) this.#listeners.emit(eventOf(jobId));
    });
    return client.subscribe(this.#channel).catch((error: unknown) => {
      this.#logger.debug({ err: error }, "Not subscribed to ended jobs");
    });
  }
}

/** Keeps an id such as "error" apart from the names that an EventEmitter treats specially. */
function eventOf(jobId: string): string {
  return `job:${jobId}`;
}
