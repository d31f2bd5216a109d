import { type FaceJobPayload, ProblemError } from "@facefleet/contracts";
import { Periodic } from "../../lifecycle/index.js";
import type { Logger } from "../../logging/index.js";
import type { ObjectStore } from "../../object-store/index.js";
import { BatchSteps } from "../batches/batch-steps.js";
import { itemEnds } from "../batches/item-end.js";
import { holdsUploads } from "../batches/live-batch.js";
import type { EndListener } from "../jobs/ends/job-end.js";
import { Outcomes } from "../jobs/ends/outcomes.js";
import { type FaceQueue, openFaceQueue } from "../jobs/job/face-queue.js";
import { originOf } from "../jobs/job/job-trace.js";
import { endedJob, type FaceQueueJob, givenUpProblem } from "../jobs/job/job-view.js";
import { keptKeys, ledger, ledgerKeys } from "../ledger/ledger.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { as, clock, script } from "../redis/script.js";
import { ResultStore } from "../results/result-store.js";
import { uploadKeys, uploadOwnership } from "../uploads/upload-ownership.js";

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
 * Forgets jobs whose outcome has expired, batches that have, and what else is on the ledger for as long as it lasts by
 * itself. Returns how many there were, and those that BullMQ still keeps.
 */
const forgetExpired = script(
  {
    keys: { ended: "key", failed: "key", kept: ledgerKeys },
    args: { most: "number", tenantsPrefix: "text" },
    uses: [ledger, clock],
    answer: as<[number, string[]]>(),
  },
  `
local members = redis.call("ZRANGEBYSCORE", ended, "-inf", whole(now()), "LIMIT", 0, most)
local known = {}
for _, member in ipairs(members) do
  local tenant, id = string.match(member, "^([^/]+)/(.+)$")
  redis.call("ZREM", tenantsPrefix .. tenant .. ":jobs", id)
  redis.call("ZREM", tenantsPrefix .. tenant .. ":listed-batches", id)
  redis.call("ZREM", ended, member)
  takes(kept, id, 0)
  if redis.call("ZSCORE", failed, id) then table.insert(known, id) end
end
return {#members, known}`,
);

/** Forgets jobs that have ended, and finds those that BullMQ gave up and nobody wrote down, and those that it lost. */
const settleLive = script(
  {
    keys: { live: "key", failed: "key" },
    args: { outcomesPrefix: "text", jobsPrefix: "text", ids: ["text"] },
    answer: as<[givenUp: string[], lost: string[]]>(),
  },
  `
local givenUp, lost = {}, {}
for _, id in ipairs(ids) do
  if redis.call("EXISTS", outcomesPrefix .. id) == 1 then
    redis.call("ZREM", live, id)
  elseif redis.call("EXISTS", jobsPrefix .. id) == 0 then
    table.insert(lost, id)
  elseif redis.call("ZSCORE", failed, id) then
    table.insert(givenUp, id)
  end
end
return {givenUp, lost}`,
);

const forgetLost = script(
  { keys: { live: "key", jobs: "key", kept: ledgerKeys }, args: { id: "text" }, uses: [ledger] },
  `
redis.call("ZREM", live, id)
redis.call("ZREM", jobs, id)
return takes(kept, id, 0)`,
);

/**
 * Releases the uploads of holders that are no more: a job that BullMQ does not know can be neither run nor tried again,
 * and a batch that has ended holds only what its items can be tried again with. `held`: each with its holder, as `heldUpload` names them.
 */
const releaseOrphans = script(
  {
    args: { jobsPrefix: "text", batchesPrefix: "text", held: ["text"] },
    uses: [uploadOwnership, holdsUploads],
  },
  `
local released = 0
for _, member in ipairs(held) do
  local upload, holder = string.match(member, "^([^/]+)/(.+)$")
  if redis.call("EXISTS", jobsPrefix .. holder) == 0 and not holdsUploads(batchesPrefix .. holder) then
    releaseUpload(upload, holder)
    released = released + 1
  end
end
return released`,
);

/** Clears away, once a minute in one process at a time, what jobs leave behind. */
export class QueueSweep {
  readonly #options: QueueSweepOptions;
  readonly #keys: QueueKeys;
  readonly #connection: RedisConnection;
  readonly #queue: FaceQueue;
  readonly #outcomes: Outcomes;
  readonly #batches: BatchSteps;
  readonly #sweeps = new Periodic(everyMs, () => this.#sweepInTurn());

  constructor(redis: FleetRedis, options: QueueSweepOptions) {
    this.#options = options;
    this.#keys = redis.keys;
    this.#connection = redis.commands;
    this.#queue = openFaceQueue(redis);
    const results = new ResultStore(this.#connection.client, this.#keys, options);
    this.#outcomes = new Outcomes(this.#connection.client, this.#keys, results, { ...options, items: itemEnds });
    this.#batches = new BatchSteps(redis);
  }

  start(): void {
    this.#sweeps.start();
  }

  stop(): Promise<void> {
    return this.#sweeps.stop();
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
    const keys = { ended: this.#keys.ended, failed: this.#queue.toKey("failed"), kept: keptKeys(this.#keys) };
    const args = { most: chunkSize, tenantsPrefix: this.#keys.tenant("") };
    let count = chunkSize;
    while (count === chunkSize && !this.#sweeps.isStopped) {
      const [forgotten, kept] = await forgetExpired.run(this.#connection.client, keys, args);
      for (const id of kept) await this.#queue.remove(id);
      count = forgotten;
    }
  }

  /** A job that BullMQ does not know was never answered for, or is forgotten. */
  async #settleTenants(): Promise<void> {
    const { client } = this.#connection;
    for (const tenant of await client.smembers(this.#keys.tenants)) {
      const live = this.#keys.live(tenant);
      const keys = { live, jobs: this.#keys.jobs(tenant), kept: keptKeys(this.#keys) };
      await this.#settle(live, async (id) => {
        await forgetLost.run(client, keys, { id });
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
    const isWritten = await this.#batches.failItem(batchId, jobId, error);
    if (batch && isWritten) this.#options.onOutcome?.({ task: batch.plan.task, state: "failed", error });
  }

  async #releaseOrphans(): Promise<void> {
    const { client } = this.#connection;
    const prefixes = { jobsPrefix: this.#queue.toKey(""), batchesPrefix: this.#keys.batch("") };
    let from = "-";
    for (;;) {
      const held = await client.zrangebylex(this.#keys.heldUploads, from, "+", "LIMIT", 0, chunkSize);
      if (held.length === 0 || this.#sweeps.isStopped) return;
      await releaseOrphans.run(client, { uploads: uploadKeys(this.#keys) }, { ...prefixes, held });
      from = `(${held.at(-1)}`;
    }
  }

  async #settle(live: string, onLost: (id: string) => Promise<void>): Promise<void> {
    const { client } = this.#connection;
    const newest = Date.now() - (this.#options.graceMs ?? everyMs);
    const ids = await client.zrangebyscore(live, "-inf", newest);
    const keys = { live, failed: this.#queue.toKey("failed") };
    const prefixes = { outcomesPrefix: this.#keys.outcome(""), jobsPrefix: this.#queue.toKey("") };
    for (let start = 0; start < ids.length && !this.#sweeps.isStopped; start += chunkSize) {
      const args = { ...prefixes, ids: ids.slice(start, start + chunkSize) };
      const [givenUp, lost] = await settleLive.run(client, keys, args);
      for (const id of givenUp) await this.#writeFailure(id);
      for (const id of lost) await onLost(id);
    }
  }

  async #writeFailure(id: string): Promise<void> {
    const job: FaceQueueJob | undefined = await this.#queue.getJob(id);
    if (!job) return;
    const failure = endedJob(job, { state: "failed", error: givenUpProblem(job) });
    const ifIn = this.#queue.toKey("failed");
    const isWritten = await this.#outcomes.write(failure, job.data, originOf(job), { ifIn });
    if (isWritten) await this.#options.onEnd(job.data);
  }
}
