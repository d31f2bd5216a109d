import type { Logger } from "../../logging/index.js";
import { type ObjectStore, OwnObjects } from "../../object-store/index.js";
import { Batches } from "../batches/batches.js";
import { itemEnds } from "../batches/item-end.js";
import { storedBatch } from "../batches/stored-batches.js";
import { FaceJobs } from "../jobs/face-jobs.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { UploadRegistry } from "../uploads/upload-registry.js";
import { FleetObserver, type TenantState } from "./fleet-observer.js";

/** How many were canceled or erased. */
export interface Erased {
  readonly jobs: number;
  readonly batches: number;
  readonly uploads: number;
}

/** How many entries of a set are looked at together. */
const scanned = 1000;
/** How many are erased at once. */
const atOnce = 16;

/** What tenants have in the fleet, for operators: who has how much, and all of one's gone. */
export class TenantWork {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #jobs: FaceJobs;
  readonly #batches: Batches;
  readonly #uploads: UploadRegistry;
  readonly #observer: FleetObserver;
  readonly #own: OwnObjects;

  constructor(redis: FleetRedis, options: { readonly logger: Logger; readonly store: ObjectStore }) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
    this.#jobs = new FaceJobs(redis, { ...options, items: itemEnds });
    this.#batches = new Batches(redis, options);
    this.#uploads = new UploadRegistry(redis);
    this.#observer = new FleetObserver(redis);
    this.#own = new OwnObjects(options.store, () => this.#uploads.secret());
  }

  /**
   * What each tenant has, whoever has most of Redis first.
   * @throws ProblemError `queue_unavailable`
   */
  async all(): Promise<TenantState[]> {
    const tenants = await this.#observer.tenants();
    return tenants.sort((a, b) => b.keptBytes - a.keptBytes || a.tenant.localeCompare(b.tenant));
  }

  /**
   * Cancels what of a tenant's has not ended, and erases what has: jobs, batches and uploads that nobody holds. What is
   * canceled ends soon after: to be called again until it finds nothing more.
   * @throws ProblemError `queue_unavailable`, `store_unavailable`
   */
  async erase(tenant: string): Promise<Erased> {
    const batches = await this.#eraseBatches(tenant);
    const jobs = await this.#eraseJobs(tenant);
    return { batches, jobs, uploads: await this.#giveUpUploads(tenant) };
  }

  async #eraseBatches(tenant: string): Promise<number> {
    let erased = 0;
    await inChunks(await this.#batchesOf(tenant), atOnce, async (id) => {
      const removal = await this.#batches.remove(tenant, id);
      for (let part = 0; part < (removal?.parts ?? 0); part++) await this.#own.batchPart(id, part).delete();
      if (removal) erased += 1;
      // Known by its name alone: a worker of an older version has seen to its end.
      else await this.#connection.attempt(() => this.#connection.client.zrem(this.#keys.listedBatches(tenant), id));
    });
    return erased;
  }

  /** Those that are listed, and those that an API of an older version took, which listed none. */
  async #batchesOf(tenant: string): Promise<string[]> {
    const { client } = this.#connection;
    const [listed, live, stored] = await this.#connection.attempt(() =>
      Promise.all([
        client.zrange(this.#keys.listedBatches(tenant), "0", "-1"),
        client.zrange(this.#keys.liveBatches(tenant), "0", "-1"),
        client.zrange(this.#keys.endedBatches, "0", "-1"),
      ]),
    );
    const owned = new Set([...listed, ...live]);
    // Of all tenants.
    const ids = stored.map((member) => storedBatch(member).id).filter((id) => !owned.has(id));
    await inChunks(ids, scanned, async (id) => {
      // Of one that was erased only its place is there.
      const [owner, state] = await this.#connection.attempt(() =>
        client.hmget(this.#keys.batch(id), "tenant", "state"),
      );
      if (owner === tenant && state !== null) owned.add(id);
    });
    return [...owned];
  }

  async #eraseJobs(tenant: string): Promise<number> {
    const { client } = this.#connection;
    const ids = await this.#connection.attempt(() => client.zrange(this.#keys.jobs(tenant), "0", "-1"));
    await inChunks(ids, atOnce, async (id) => {
      const canceled = await this.#jobs.cancel(tenant, id);
      for (const upload of canceled?.uploads ?? []) await this.#uploads.giveUp(upload);
      await this.#jobs.forget(tenant, id);
    });
    return ids.length;
  }

  async #giveUpUploads(tenant: string): Promise<number> {
    const { client } = this.#connection;
    let [cursor, given] = ["0", 0];
    do {
      const [next, waiting] = await this.#connection.attempt(() =>
        client.zscan(this.#keys.waitingUploads, cursor, "COUNT", scanned),
      );
      const ids = waiting.filter((_, index) => index % 2 === 0);
      for (const id of await this.#uploads.ownOf(tenant, ids)) {
        await this.#uploads.giveUp(id);
        given++;
      }
      cursor = next;
    } while (cursor !== "0");
    return given;
  }
}

async function inChunks<T>(all: readonly T[], size: number, work: (one: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < all.length; i += size) await Promise.all(all.slice(i, i + size).map(work));
}
