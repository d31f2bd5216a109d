import type { JobResult } from "@facefleet/contracts";
import type { Logger } from "../../../logging/index.js";
import type { ObjectStore } from "../../../object-store/index.js";
import type { FleetRedis } from "../../redis/fleet-redis.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import type { RedisConnection } from "../../redis/redis-connection.js";
import { ResultStore } from "../../results/result-store.js";
import { erased, Outcomes } from "./outcomes.js";

/** What a tenant asked for; requests of one digest have one result. */
export interface KnownRequest {
  readonly tenant: string;
  readonly digest: string;
}

/**
 * Which job has the result of a request that was made before. Nothing of the result is kept here: where its job
 * has expired or was erased there is none to find.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class KnownResults {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #results: ResultStore;
  readonly #outcomes: Outcomes;

  constructor(redis: FleetRedis, options: { readonly logger: Logger; readonly store: ObjectStore }) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
    this.#results = new ResultStore(this.#connection.client, this.#keys, options);
    this.#outcomes = new Outcomes(this.#connection.client, this.#keys, this.#results);
  }

  /** The result, if its job has ended with one and still has it. */
  find({ tenant, digest }: KnownRequest): Promise<JobResult | undefined> {
    return this.#connection.attempt(async () => {
      const jobId = await this.#connection.client.get(this.#keys.knownResult(tenant, digest));
      const record = jobId === null ? undefined : await this.#outcomes.read(jobId);
      if (record?.result === undefined || record.outcome === erased) return undefined;
      return JSON.parse(await this.#results.text(record.result)) as JobResult;
    });
  }

  /** Names the job that makes the result, before or after it ends, for exactly as long as told. */
  async remember({ tenant, digest }: KnownRequest, jobId: string, ttlSeconds: number): Promise<void> {
    const key = this.#keys.knownResult(tenant, digest);
    await this.#connection.attempt(() => this.#connection.client.set(key, jobId, "PX", ttlSeconds * 1000));
  }
}
