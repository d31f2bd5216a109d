import type { FleetWorker, WorkerInfo, WorkerLoad } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { Logger } from "../../../logging/index.js";
import type { FleetRedis } from "../../redis/fleet-redis.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import type { RedisConnection } from "../../redis/redis-connection.js";

const beatEveryMs = 5000;
const beatTtlMs = 15_000;
const idle: WorkerLoad = { jobsInFlight: 0, jobsPerMinute: 0 };

/** Keeps this worker among the ready ones by a heartbeat that expires when the worker dies. */
export class WorkerRegistry {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #logger: Logger;
  #look: (() => FleetWorker) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(redis: FleetRedis, options: { readonly logger: Logger }) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
    this.#logger = options.logger;
  }

  /** Starts the heartbeat, or changes what it says. While Redis is away the worker is simply not listed. */
  async announce(info: WorkerInfo, load: () => WorkerLoad = () => idle): Promise<void> {
    this.#look = () => ({ ...info, load: load() });
    this.#timer ??= setInterval(() => void this.#beat(), beatEveryMs).unref();
    await this.#beat();
  }

  /** Takes the worker off the list, until it is announced again. */
  async retire(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const id = this.#look?.().id;
    this.#look = undefined;
    if (id !== undefined) await this.#attempt(() => this.#remove(id));
  }

  async #beat(): Promise<void> {
    const worker = this.#look?.();
    if (worker) await this.#attempt(() => this.#store(worker));
  }

  async #store(worker: FleetWorker): Promise<void> {
    const { client } = this.#connection;
    await client.set(this.#keys.worker(worker.id), JSON.stringify(worker), "PX", beatTtlMs);
    await client.sadd(this.#keys.workers, worker.id);
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
export async function readyWorkers(redis: Redis, keys: QueueKeys): Promise<FleetWorker[]> {
  const ids = await redis.smembers(keys.workers);
  if (ids.length === 0) return [];
  const beats = await redis.mget(ids.map((id) => keys.worker(id)));
  const dead = ids.filter((_, index) => beats[index] === null);
  if (dead.length > 0) await redis.srem(keys.workers, ...dead);
  return beats.flatMap((beat) => (typeof beat === "string" ? [JSON.parse(beat) as FleetWorker] : []));
}
