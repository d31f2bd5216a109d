import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisSettings } from "../../../config/index.js";
import type { Logger } from "../../../logging/index.js";
import { inTrace } from "../../../tracing/index.js";
import { RedisConnection } from "../../redis/redis-connection.js";

const openWithinMs = 500;

/**
 * Hears of every job that ends, or of every one that is canceled, wherever that happens, over one connection that is opened when it is first needed.
 * Messages sent while that connection is lost are lost too: a message is a hint to look, never the truth.
 */
export class FinishedSignal {
  readonly #settings: RedisSettings;
  readonly #channel: string;
  readonly #logger: Logger;
  readonly #listeners = new EventEmitter().setMaxListeners(0);
  #connection: RedisConnection | undefined;
  #subscribed: Promise<unknown> | undefined;

  constructor(settings: RedisSettings, channel: string, logger: Logger) {
    this.#settings = settings;
    this.#channel = channel;
    this.#logger = logger;
  }

  /** Resolves once messages arrive, or after half a second without. */
  async open(): Promise<void> {
    // The connection outlives the trace in which it is first needed.
    this.#subscribed ??= inTrace(undefined, () => this.#subscribe());
    await Promise.race([this.#subscribed, sleep(openWithinMs, undefined, { ref: false })]);
  }

  on(jobId: string, listener: () => void): void {
    this.#listeners.on(eventOf(jobId), listener);
  }

  off(jobId: string, listener: () => void): void {
    this.#listeners.off(eventOf(jobId), listener);
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }

  #subscribe(): Promise<unknown> {
    this.#connection = new RedisConnection(this.#settings, { role: "consumer", logger: this.#logger });
    const { client } = this.#connection;
    client.on("message", (_channel: string, jobId: string) => this.#listeners.emit(eventOf(jobId)));
    return client.subscribe(this.#channel).catch((error: unknown) => {
      this.#logger.debug({ err: error }, "Not subscribed to ended jobs");
    });
  }
}

/** Keeps an id such as "error" apart from the names that an EventEmitter treats specially. */
function eventOf(jobId: string): string {
  return `job:${jobId}`;
}
