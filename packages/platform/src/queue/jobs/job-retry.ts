import { setTimeout as sleep } from "node:timers/promises";
import { type Job, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead } from "../ledger/ledger.js";
import type { Quotas } from "../ledger/quotas.js";
import { memberOf, type QueueKeys } from "../redis/queue-keys.js";
import { script } from "../redis/script.js";
import { heldUpload } from "../uploads/upload-ownership.js";
import { type Admission, priorityOf } from "./admission.js";
import type { FaceQueue } from "./face-queue.js";
import { givenBackSince } from "./give-back.js";
import type { JobSightings } from "./job-sightings.js";
import { originOf } from "./job-trace.js";
import { type FaceQueueJob, liveJob, uploadsOf } from "./job-view.js";
import { erased, type Outcomes } from "./outcomes.js";

/**
 * Takes a failure back. The reason that BullMQ keeps is replaced, so that should we die before BullMQ has the
 * job again, it is found failed and can be tried again.
 */
const revive = script(
  {
    keys: { outcome: "key", live: "key", ended: "key", failed: "key", job: "key", kept: ledgerKeys },
    args: { id: "text", createdAt: "number", member: "text" },
    uses: [ledger],
  },
  `
if redis.call("HGET", outcome, "state") ~= "failed" or not redis.call("ZSCORE", failed, id) then return 0 end
redis.call("DEL", outcome)
redis.call("ZADD", live, createdAt, id)
redis.call("ZREM", ended, member)
redis.call("HSET", job, "failedReason", "about to be tried again")
redis.call("HDEL", job, "stc", "${givenBackSince}")
takes(kept, id, redis.call("HSTRLEN", job, "data") + ${overhead.job})
return 1`,
);

const putAwayWithinMs = 500;
const putAwayCheckMs = 20;

/** Gives failed jobs another set of attempts, under the same id. */
export class JobRetry {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly queue: FaceQueue,
    private readonly parts: { sightings: JobSightings; outcomes: Outcomes; admission: Admission },
  ) {}

  /**
   * Returns the job, queued again; undefined when there is none.
   * @throws ProblemError `job_not_failed`, `job_not_repeatable`, `too_many_jobs` or `too_much_kept`
   */
  async retry(tenant: string, id: string, quotas: Quotas): Promise<Job | undefined> {
    const { sightings, outcomes, admission } = this.parts;
    const sighting = await sightings.of(tenant, id, { withResult: false });
    if (!sighting || sighting.view === erased) return undefined;
    if (sighting.view.state !== "failed") throw notFailed(sighting.view.state);
    const queued = await this.#repeatable(sighting.queued ?? (await this.queue.getJob(id)));
    // A failure that nobody could write down yet.
    if (sighting.queued) await outcomes.write(sighting.view, queued.data, originOf(queued));
    await putAway(queued);
    const { data: payload, timestamp: createdAt } = queued;
    const priority = priorityOf(queued.priority);
    // It is there already: nothing more is taken.
    const number = await admission.admit({ id, payload, priority, createdAt, ...quotas }, 0);
    if (!(await this.#revive(tenant, queued))) throw notFailed("about to be tried again");
    await queued.changePriority({ priority: number });
    await queued.retry("failed", { resetAttemptsMade: true });
    return liveJob(queued, "queued");
  }

  /** @throws ProblemError `job_not_repeatable` */
  async #repeatable(job: FaceQueueJob | undefined): Promise<FaceQueueJob> {
    const obstacle = obstacleTo(job) ?? (await this.#lostImage(job!));
    if (obstacle !== undefined) throw new ProblemError("job_not_repeatable", obstacle);
    return job!;
  }

  /** A job that failed in a way that may pass holds its uploads for as long as it is known. */
  async #lostImage({ id = "", data }: FaceQueueJob): Promise<string | undefined> {
    const uploads = uploadsOf(data);
    if (uploads.length === 0) return undefined;
    const held = await this.redis.zmscore(
      this.keys.heldUploads,
      uploads.map((upload) => heldUpload(upload, id)),
    );
    if (!held.includes(null)) return undefined;
    return "Expected images that still exist but the job's upload was deleted when the job ended.";
  }

  async #revive(tenant: string, { id = "", timestamp }: FaceQueueJob): Promise<boolean> {
    const { keys, queue } = this;
    const places = {
      outcome: keys.outcome(id),
      live: keys.live(tenant),
      ended: keys.ended,
      failed: queue.toKey("failed"),
      job: queue.toKey(id),
      kept: keptKeys(keys),
    };
    const args = { id, createdAt: timestamp, member: memberOf(tenant, id) };
    const revived = await revive.run(this.redis, places, args);
    return revived === 1;
  }
}

/** The outcome is written before BullMQ is told: whoever asks at once may be ahead of it. */
async function putAway(job: FaceQueueJob): Promise<void> {
  const deadline = Date.now() + putAwayWithinMs;
  while (Date.now() < deadline && !(await job.isFailed())) await sleep(putAwayCheckMs);
}

function notFailed(state: string): ProblemError {
  return new ProblemError("job_not_failed", `Expected a job that has failed but this one is ${state}.`);
}

function obstacleTo(job: FaceQueueJob | undefined): string | undefined {
  if (!job) return "Expected what the job was made of but it has been forgotten.";
  if (job.data.batch) return "Expected a job of its own but this one is an item of a batch.";
  return undefined;
}
