import { type FaceJobPayload, ProblemError } from "@facefleet/contracts";
import type { RedisSettings } from "../config/index.js";
import { Periodic } from "../lifecycle/index.js";
import type { Logger } from "../logging/index.js";
import type { ObjectStore } from "../object-store/index.js";
import { indexOfItem } from "./batches/batch-items.js";
import { BatchSteps } from "./batches/batch-steps.js";
import { isLive } from "./batches/live-batch.js";
import { type FaceQueue, openFaceQueue } from "./face-queue.js";
import { originOf } from "./job-trace.js";
import { endedJob, type FaceQueueJob, givenUpProblem } from "./job-view.js";
import { keptKeys, ledger } from "./ledger/ledger.js";
import { type EndListener, Outcomes } from "./outcomes.js";
import { QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";
import { RedisScript } from "./redis-script.js";
import { ResultStore } from "./results/result-store.js";
import { uploadKeys, uploadOwnership } from "./uploads/upload-ownership.js";

export interface QueueSweepOptions extends EndListener {
  readonly logger: Logger;
  readonly store: ObjectStore;
  /** Called with the payload of each job whose end only the sweep wrote down. */
  readonly onEnd: (payload: FaceJobPayload) => Promise<void>;
  /** How old a job is before it is missed, in milliseconds. */
  readonly graceMs?: number;
}

const everyMs = 60_000;
const chunkSize = 500;

/**
 * Forgets jobs whose outcome has expired, and what else is on the ledger for as long as it lasts by itself. KEYS: ended,
 * BullMQ's failed jobs, then those of the ledger. ARGV: how many, prefix.
 * Returns how many there were, and those that BullMQ still keeps.
 */
const forgetExpired = new RedisScript<[number, string[]]>(`${ledger}
local time = redis.call("TIME")
local now = string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000))
local members = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[1])
local kept = {}
for _, member in ipairs(members) do
  local tenant, id = string.match(member, "^([^/]+)/(.+)$")
  redis.call("ZREM", ARGV[2] .. ":tenant:" .. tenant .. ":jobs", id)
  redis.call("ZREM", KEYS[1], member)
  takes({KEYS[3], KEYS[4]}, id, 0)
  if redis.call("ZSCORE", KEYS[2], id) then table.insert(kept, id) end
end
return {#members, kept}`);

/**
 * Forgets jobs that have ended, and finds those that BullMQ gave up and nobody wrote down, and those that it lost.
 * KEYS: live, BullMQ's failed jobs. ARGV: prefix of outcomes, prefix of BullMQ's jobs, ids.
 */
const settleLive = new RedisScript<[givenUp: string[], lost: string[]]>(`
local givenUp, lost = {}, {}
for index = 3, #ARGV do
  local id = ARGV[index]
  if redis.call("EXISTS", ARGV[1] .. id) == 1 then
    redis.call("ZREM", KEYS[1], id)
  elseif redis.call("EXISTS", ARGV[2] .. id) == 0 then
    table.insert(lost, id)
  elseif redis.call("ZSCORE", KEYS[2], id) then
    table.insert(givenUp, id)
  end
end
return {givenUp, lost}`);

/** KEYS: live, jobs, then those of the ledger. ARGV: id. */
const forgetLost = new RedisScript<number>(`${ledger}
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("ZREM", KEYS[2], ARGV[1])
return takes({KEYS[3], KEYS[4]}, ARGV[1], 0)`);

/**
 * Releases the uploads of holders that are no more: a job that BullMQ does not know can be neither run nor tried again,
 * and a batch that has ended is forgotten. KEYS: those of `uploadKeys`. ARGV: prefixes of BullMQ's jobs and of batches,
 * then held uploads.
 */
const releaseOrphans = new RedisScript<number>(`${uploadOwnership}${isLive}
local released = 0
for at = 3, #ARGV do
  local upload, holder = string.match(ARGV[at], "^([^/]+)/(.+)$")
  if redis.call("EXISTS", ARGV[1] .. holder) == 0 and not isLive(ARGV[2] .. holder) then
    releaseUpload(KEYS, upload, holder)
    released = released + 1
  end
end
return released`);

/** Clears away, once a minute in one process at a time, what jobs leave behind. */
export class QueueSweep {
  readonly #options: QueueSweepOptions;
  readonly #prefix: string;
  readonly #keys: QueueKeys;
  readonly #connection: RedisConnection;
  readonly #queue: FaceQueue;
  readonly #outcomes: Outcomes;
  readonly #batches: BatchSteps;
  readonly #sweeps = new Periodic(everyMs, () => this.#sweepInTurn());

  constructor(settings: RedisSettings, options: QueueSweepOptions) {
    this.#options = options;
    this.#prefix = settings.QUEUE_PREFIX;
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#queue = openFaceQueue(this.#connection.client, settings.QUEUE_PREFIX);
    const results = new ResultStore(this.#connection.client, this.#keys, options);
    this.#outcomes = new Outcomes(this.#connection.client, this.#keys, results, options);
    this.#batches = new BatchSteps(settings, options);
  }

  start(): void {
    this.#sweeps.start();
  }

  async stop(): Promise<void> {
    await this.#sweeps.stop();
    await this.#batches.close();
    await this.#queue.close();
    await this.#connection.close();
  }

  /** @throws ProblemError `queue_unavailable` */
  sweep(): Promise<void> {
    return this.#connection.attempt(async () => {
      await this.#forgetExpired();
      await this.#settleTenants();
      await this.#settleBatches();
      await this.#releaseOrphans();
    });
  }

  /** Never rejects: what is not done now is left to the next sweep. */
  async #sweepInTurn(): Promise<void> {
    try {
      const { client } = this.#connection;
      const lease = () => client.set(this.#keys.sweep, "1", "PX", everyMs - 5000, "NX");
      if ((await this.#connection.attempt(lease)) !== null) await this.sweep();
    } catch (error) {
      this.#options.logger.warn({ err: error }, "the queue could not be swept; the next sweep tries again");
    }
  }

  async #forgetExpired(): Promise<void> {
    const keys = [this.#keys.ended, this.#queue.toKey("failed"), ...keptKeys(this.#keys)];
    let count = chunkSize;
    while (count === chunkSize && !this.#sweeps.isStopped) {
      const [forgotten, kept] = await forgetExpired.run(this.#connection.client, keys, [chunkSize, this.#prefix]);
      for (const id of kept) await this.#queue.remove(id);
      count = forgotten;
    }
  }

  /** A job that BullMQ does not know was never answered for, or is forgotten. */
  async #settleTenants(): Promise<void> {
    const { client } = this.#connection;
    for (const tenant of await client.smembers(this.#keys.tenants)) {
      const keys = [this.#keys.live(tenant), this.#keys.jobs(tenant), ...keptKeys(this.#keys)];
      await this.#settle(this.#keys.live(tenant), async (id) => {
        await forgetLost.run(client, keys, [id]);
      });
    }
  }

  /** An item that BullMQ does not know would keep its batch from ending. */
  async #settleBatches(): Promise<void> {
    for (const id of await this.#connection.client.zrange(this.#keys.batches, "0", "-1")) {
      await this.#settle(this.#keys.batchLive(id), (jobId) => this.#failItem(id, jobId));
    }
  }

  async #failItem(batchId: string, jobId: string): Promise<void> {
    const error = new ProblemError("worker_lost").toProblem();
    const batch = await this.#batches.record(batchId);
    const isWritten = await this.#batches.failItem(batchId, indexOfItem(jobId), error);
    if (batch && isWritten) this.#options.onOutcome?.({ task: batch.plan.task, state: "failed", error });
  }

  async #releaseOrphans(): Promise<void> {
    const { client } = this.#connection;
    const prefixes = [this.#queue.toKey(""), this.#keys.batch("")];
    let from = "-";
    for (;;) {
      const held = await client.zrangebylex(this.#keys.heldUploads, from, "+", "LIMIT", 0, chunkSize);
      if (held.length === 0 || this.#sweeps.isStopped) return;
      await releaseOrphans.run(client, uploadKeys(this.#keys), [...prefixes, ...held]);
      from = `(${held.at(-1)}`;
    }
  }

  async #settle(live: string, onLost: (id: string) => Promise<void>): Promise<void> {
    const { client } = this.#connection;
    const newest = Date.now() - (this.#options.graceMs ?? everyMs);
    const ids = await client.zrangebyscore(live, "-inf", newest);
    for (let start = 0; start < ids.length && !this.#sweeps.isStopped; start += chunkSize) {
      const prefixes = [this.#keys.outcome(""), this.#queue.toKey("")];
      const args = [...prefixes, ...ids.slice(start, start + chunkSize)];
      const [givenUp, lost] = await settleLive.run(client, [live, this.#queue.toKey("failed")], args);
      for (const id of givenUp) await this.#writeFailure(id);
      for (const id of lost) await onLost(id);
    }
  }

  async #writeFailure(id: string): Promise<void> {
    const job: FaceQueueJob | undefined = await this.#queue.getJob(id);
    if (!job) return;
    const failure = endedJob(job, { state: "failed", error: givenUpProblem(job) });
    if (await this.#outcomes.write(failure, job.data, originOf(job))) await this.#options.onEnd(job.data);
  }
}
