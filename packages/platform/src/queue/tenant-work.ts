import type { RedisSettings } from "../config/index.js";
import type { Logger } from "../logging/index.js";
import { type ObjectStore, OwnObjects } from "../object-store/index.js";
import { Batches } from "./batches/batches.js";
import { FaceJobs } from "./face-jobs.js";
import { FleetObserver, type TenantState } from "./fleet-observer.js";
import { QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";
import { UploadRegistry } from "./uploads/upload-registry.js";

/** How many were canceled or erased. */
export interface Erased {
  readonly jobs: number;
  readonly batches: number;
  readonly uploads: number;
}

/** How many entries of a set or a hash are read at once. */
const scanned = 1000;

/** What tenants have in the fleet, for operators: who has how much, and all of one's gone. */
export class TenantWork {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #jobs: FaceJobs;
  readonly #batches: Batches;
  readonly #uploads: UploadRegistry;
  readonly #observer: FleetObserver;
  readonly #own: OwnObjects;

  constructor(settings: RedisSettings, options: { readonly logger: Logger; readonly store: ObjectStore }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
    this.#jobs = new FaceJobs(settings, options);
    this.#batches = new Batches(settings, options);
    this.#uploads = new UploadRegistry(settings, options);
    this.#observer = new FleetObserver(settings, options);
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

  async close(): Promise<void> {
    const parts = [this.#jobs, this.#batches, this.#uploads, this.#observer, this.#connection];
    await Promise.all(parts.map((part) => part.close()));
  }

  async #eraseBatches(tenant: string): Promise<number> {
    const { client } = this.#connection;
    const [live, ended] = await this.#connection.attempt(() =>
      Promise.all([
        client.zrange(this.#keys.liveBatches(tenant), "0", "-1"),
        client.zrange(this.#keys.endedBatches, "0", "-1"),
      ]),
    );
    let erased = 0;
    for (const id of [...live, ...ended]) {
      const removal = await this.#batches.remove(tenant, id);
      for (let part = 0; part < (removal?.parts ?? 0); part++) await this.#own.batchPart(id, part).delete();
      if (removal) erased++;
    }
    return erased;
  }

  async #eraseJobs(tenant: string): Promise<number> {
    const { client } = this.#connection;
    const [live, listed] = await this.#connection.attempt(() =>
      Promise.all([
        client.zrange(this.#keys.live(tenant), "0", "-1"),
        client.zrange(this.#keys.jobs(tenant), "0", "-1"),
      ]),
    );
    const ids = new Set([...live, ...listed]);
    for (const id of ids) {
      const canceled = await this.#jobs.cancel(tenant, id);
      for (const upload of canceled?.uploads ?? []) await this.#uploads.giveUp(upload);
      await this.#jobs.forget(tenant, id);
    }
    return ids.size;
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
