import type { WorkerInfo } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { RedisSettings } from "../config/index.js";
import type { Logger } from "../logging/index.js";
import { QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";

const beatEveryMs = 5000;
const beatTtlMs = 15_000;

/** Keeps this worker among the ready ones by a heartbeat that expires when the worker dies. */
export class WorkerRegistry {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #logger: Logger;
  #info: WorkerInfo | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
    this.#logger = options.logger;
  }

  /** Starts the heartbeat, or changes what it says. While Redis is away the worker is simply not listed. */
  async announce(info: WorkerInfo): Promise<void> {
    this.#info = info;
    this.#timer ??= setInterval(() => void this.#beat(), beatEveryMs).unref();
    await this.#beat();
  }

  /** Takes the worker off the list and closes the connection. */
  async retire(): Promise<void> {
    clearInterval(this.#timer);
    const id = this.#info?.id;
    this.#info = undefined;
    if (id !== undefined) await this.#attempt(() => this.#remove(id));
    await this.#connection.close();
  }

  async #beat(): Promise<void> {
    const info = this.#info;
    if (info) await this.#attempt(() => this.#store(info));
  }

  async #store(info: WorkerInfo): Promise<void> {
    const { client } = this.#connection;
    await client.set(this.#keys.worker(info.id), JSON.stringify(info), "PX", beatTtlMs);
    await client.sadd(this.#keys.workers, info.id);
  }

  async #remove(id: string): Promise<void> {
    await this.#connection.client.del(this.#keys.worker(id));
    await this.#connection.client.srem(this.#keys.workers, id);
  }

  async #attempt(commands: () => Promise<void>): Promise<void> {
    await this.#connection.attempt(commands).catch((error: unknown) => {
      this.#logger.debug({ err: error }, "Heartbeat missed");
    });
  }
}

/** The workers whose heartbeat has not expired. Forgets the ids of the others. */
export async function readyWorkers(redis: Redis, keys: QueueKeys): Promise<WorkerInfo[]> {
  const ids = await redis.smembers(keys.workers);
  if (ids.length === 0) return [];
  const beats = await redis.mget(ids.map((id) => keys.worker(id)));
  const dead = ids.filter((_, index) => beats[index] === null);
  if (dead.length > 0) await redis.srem(keys.workers, ...dead);
  return beats.flatMap((beat) => (typeof beat === "string" ? [JSON.parse(beat) as WorkerInfo] : []));
}
