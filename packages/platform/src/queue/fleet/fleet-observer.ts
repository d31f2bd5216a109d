import { randomUUID } from "node:crypto";
import { type FacePriority, type FleetState, queueCatalogue } from "@facefleet/contracts";
import { type FaceQueue, isPaused, openFaceQueue } from "../jobs/job/face-queue.js";
import { readyWorkers } from "../jobs/work/worker-registry.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import { numberIn } from "../redis/info-field.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { evictionPolicyIn, noEviction } from "../redis/redis-check.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { script } from "../redis/script.js";
import { keptMs } from "../webhooks/event-records.js";

/** What of a tenant's has not ended. */
export interface TenantState {
  readonly tenant: string;
  /** Without those that are items of a batch. */
  readonly jobs: number;
  readonly batches: number;
  /** Of Redis, that its jobs, results and batches take. */
  readonly keptBytes: number;
  /** Of the object store, that its uploads and large results take. */
  readonly storedBytes: number;
  /** Those that are not deleted. */
  readonly uploads: number;
}

/** What the fleet's metrics show besides. */
export interface FleetObservation extends FleetState {
  readonly readyWorkers: number;
  /** Events that no deliverer has taken over yet. */
  readonly outbox: number;
  /** What each tenant that ever had a job has in the fleet now. */
  readonly tenants: readonly TenantState[];
  /** Of Redis; `max` is 0 where it has no limit. */
  readonly redisBytes: { readonly used: number; readonly max: number };
  /** Whether Redis makes room by throwing away what it holds. */
  readonly mayEvict: boolean;
}

/** Longer than it takes until the same process is asked again, whoever asks. */
const leaseMs = 40_000;
/** A job's number in the order of the queue times this, plus a counter, is its score. */
const scoreUnit = 2 ** 32;

/**
 * A full Redis refuses SET, not PEXPIRE; where nobody has the lease then, whoever asks may look, for that it is full is to
 * be seen.
 */
const claim = script(
  { keys: { lease: "key" }, args: { observer: "text" } },
  `
local holder = redis.call("GET", lease)
if holder == observer then return redis.call("PEXPIRE", lease, ${leaseMs}) end
if holder then return 0 end
local taken = redis.pcall("SET", lease, observer, "PX", ${leaseMs})
if taken.err and not taken.err:find("OOM", 1, true) then return taken end
return 1`,
);

/**
 * Looks at what no process knows of itself. Of all processes one does, so that nothing is counted twice; when it is
 * asked no more, another takes its place.
 */
export class FleetObserver {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #queue: FaceQueue;
  readonly #token = randomUUID();

  constructor(redis: FleetRedis) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
    this.#queue = openFaceQueue(redis);
  }

  /**
   * Undefined when it is another process that looks.
   * @throws ProblemError `queue_unavailable`
   */
  observe(): Promise<FleetObservation | undefined> {
    return this.#connection.attempt(async () => {
      const { client } = this.#connection;
      const isOurs = await claim.run(client, { lease: this.#keys.observer }, { observer: this.#token });
      if (isOurs !== 1) return undefined;
      const [state, tenants, workers, outbox, memory] = await Promise.all([
        this.#look(),
        this.#tenants(),
        readyWorkers(client, this.#keys),
        client.llen(this.#keys.outbox),
        client.info("memory"),
      ]);
      const redisBytes = { used: numberIn(memory, "used_memory"), max: numberIn(memory, "maxmemory") };
      const mayEvict = evictionPolicyIn(memory) !== noEviction;
      return { ...state, tenants, readyWorkers: workers.length, outbox, redisBytes, mayEvict };
    });
  }

  /**
   * The same, whoever else looks.
   * @throws ProblemError `queue_unavailable`
   */
  look(): Promise<FleetState> {
    return this.#connection.attempt(() => this.#look());
  }

  /**
   * What each tenant that ever had a job has in the fleet now, whoever else looks.
   * @throws ProblemError `queue_unavailable`
   */
  tenants(): Promise<TenantState[]> {
    return this.#connection.attempt(() => this.#tenants());
  }

  async #look(): Promise<FleetState> {
    const { client } = this.#connection;
    const priorities = Object.keys(queueCatalogue.faces.priorities) as FacePriority[];
    const [waiting, paused, active, delayed, batches, undelivered] = await Promise.all([
      Promise.all(priorities.map(async (priority) => [priority, await this.#waiting(priority)] as const)),
      isPaused(client, this.#queue),
      client.llen(this.#queue.toKey("active")),
      client.zcard(this.#queue.toKey("delayed")),
      client.zcard(this.#keys.batches),
      this.#undelivered(),
    ]);
    const byPriority = Object.fromEntries(waiting) as FleetState["waiting"];
    return { waiting: byPriority, paused, active, delayed, batches, undelivered };
  }

  async #waiting(priority: FacePriority): Promise<FleetState["waiting"][FacePriority]> {
    const { client } = this.#connection;
    const { first, last } = queueCatalogue.faces.priorities[priority];
    const waiting = this.#queue.toKey("prioritized");
    const band = [first * scoreUnit, `(${(last + 1) * scoreUnit}`] as const;
    const [jobs, [next]] = await Promise.all([
      client.zcount(waiting, ...band),
      client.zrangebyscore(waiting, ...band, "LIMIT", 0, 1),
    ]);
    const submittedAt = next === undefined ? null : await client.hget(this.#queue.toKey(next), "timestamp");
    return { jobs, oldestSeconds: secondsSince(submittedAt) };
  }

  async #tenants(): Promise<TenantState[]> {
    const { client } = this.#connection;
    const keys = this.#keys;
    const [known, kept, stored, uploads] = await Promise.all([
      client.smembers(keys.tenants),
      client.hgetall(keys.keptBytes),
      client.hgetall(keys.storedBytes),
      client.hgetall(keys.uploadCounts),
    ]);
    // One may have uploads and never have had a job.
    const tenants = new Set([...known, ...Object.keys(kept), ...Object.keys(stored)]);
    return Promise.all(
      [...tenants].map(async (tenant) => {
        const live = [this.#keys.live(tenant), this.#keys.liveBatches(tenant)] as const;
        const [jobs, batches] = await Promise.all([client.zcard(live[0]), client.zcard(live[1])]);
        const sum = (sums: Record<string, string>) => Number(sums[tenant] ?? 0);
        return { tenant, jobs, batches, keptBytes: sum(kept), storedBytes: sum(stored), uploads: sum(uploads) };
      }),
    );
  }

  /** Those in the outbox have happened just now. */
  async #undelivered(): Promise<FleetState["undelivered"]> {
    const { client } = this.#connection;
    // Those whose records have been forgotten without an end.
    await client.zremrangebyscore(this.#keys.undelivered, "-inf", Date.now() - keptMs);
    const [outbox, pending, [, oldest]] = await Promise.all([
      client.llen(this.#keys.outbox),
      client.zcard(this.#keys.undelivered),
      client.zrange(this.#keys.undelivered, "0", "0", "WITHSCORES"),
    ]);
    return { events: outbox + pending, oldestSeconds: secondsSince(oldest) };
  }
}

function secondsSince(milliseconds: string | null | undefined): number {
  return milliseconds ? Math.max(0, (Date.now() - Number(milliseconds)) / 1000) : 0;
}
