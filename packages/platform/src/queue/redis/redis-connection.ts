import { ProblemError } from "@facefleet/contracts";
import { Redis, type RedisOptions } from "ioredis";
import type { RedisSettings } from "../../config/index.js";
import { parseRedisUrl, shownRedis } from "../../config/redis-url.js";
import type { ConnectionLog } from "./connection-log.js";
import { routeTo } from "./redis-route.js";

/** What a connection is for (`FleetRedis`). */
export type Purpose = "commands" | "longReads" | "work" | "news";

const readyWithinMs = 500;

/**
 * Whether a node says that it does not serve the queue's keys (a primary that became a replica, a node of a Cluster
 * whose slot is elsewhere or that has lost the others). It keeps its connections; a new one leads to where they are now.
 */
function isElsewhere(error: Error): boolean {
  return /^(READONLY|MOVED|CLUSTERDOWN)\b/.test(error.message);
}

/** `socketTimeout` replaces a connection whose other end has vanished without closing it. */
const failingFast = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  reconnectOnError: isElsewhere,
  maxRetriesPerRequest: 0,
  connectTimeout: 1000,
  commandTimeout: 1000,
  socketTimeout: 5000,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
} satisfies RedisOptions;

const waiting = {
  maxRetriesPerRequest: null,
  // 2: and sends the command again.
  reconnectOnError: (error: Error) => (isElsewhere(error) ? 2 : false),
  connectTimeout: 5000,
  socketTimeout: 30_000,
  retryStrategy: (attempt: number) => Math.min(50 * attempt, 1000),
} satisfies RedisOptions;

const optionsOf = {
  commands: failingFast,
  longReads: { ...failingFast, commandTimeout: 10_000, socketTimeout: 15_000 },
  work: waiting,
  news: waiting,
} satisfies Record<Purpose, RedisOptions>;

/** One Redis connection that heals itself. */
export class RedisConnection {
  readonly client: Redis;
  readonly #purpose: Purpose;
  readonly #log: ConnectionLog;
  readonly #place: string;
  /** Those that wait for it to be ready, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #wasReady = false;
  #wrongDatabase: Error | undefined;
  #closing = false;
  #lastError: Error | undefined;

  constructor(settings: RedisSettings, { purpose, log }: { readonly purpose: Purpose; readonly log: ConnectionLog }) {
    this.#purpose = purpose;
    this.#log = log;
    const own = optionsOf[purpose];
    const address = parseRedisUrl(settings.REDIS_URL);
    this.#place = shownRedis(address);
    const route = routeTo(address, settings.QUEUE_PREFIX, own);
    // The default; ioredis derives the types of replies from it.
    this.client = new Redis({ ...own, ...route, replyMapping: "legacy" });
    this.client.on("error", (error: Error & { readonly command?: { readonly name: string } }) => {
      this.#lastError = error;
      if (error.command?.name === "select") this.#refuseOtherDatabase(error);
      // While no Sentinel answers there is no connection that could close.
      if (!this.isReady) this.#closed();
    });
    this.client.on("close", () => this.#closed());
    this.client.on("ready", () => this.#ready());
  }

  get isReady(): boolean {
    return this.client.status === "ready";
  }

  /**
   * Runs Redis commands, waiting a moment for a connection that is just being made.
   * @throws ProblemError `queue_unavailable` when Redis does not answer.
   */
  async attempt<T>(commands: () => Promise<T>): Promise<T> {
    try {
      if (!this.isReady) await this.#waitUntilReady();
      return await commands();
    } catch (error) {
      // A TypeError is a bug of ours and no outage.
      if (error instanceof ProblemError || error instanceof TypeError) throw error;
      throw new ProblemError("queue_unavailable", undefined, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#log.forget(this.#purpose);
    if (this.isReady) await this.client.quit().catch(() => undefined);
    this.client.disconnect();
    for (const settle of this.#waiting) settle();
  }

  #waitUntilReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        if (this.isReady) return resolve();
        const cause = this.#wrongDatabase ?? this.#lastError;
        reject(new Error(`Expected a connection to Redis at ${this.#place} but there is none`, { cause }));
      };
      const timer = setTimeout(settle, this.#closing ? 0 : readyWithinMs);
      this.#waiting.add(settle);
    });
  }

  /** The client would go on in a database that another fleet may have. */
  #refuseOtherDatabase(error: Error): void {
    this.#wrongDatabase = error;
    this.client.disconnect(true);
  }

  #closed(): void {
    if (this.#closing) return;
    const error = this.#wrongDatabase ?? this.#lastError;
    if (this.#wasReady) this.#log.lost(this.#purpose, this.#place, error);
    else this.#log.absent(this.#purpose, this.#place, error);
  }

  #ready(): void {
    this.#log.restored(this.#purpose);
    this.#wasReady = true;
    this.#wrongDatabase = undefined;
    this.#lastError = undefined;
    for (const settle of this.#waiting) settle();
  }
}
