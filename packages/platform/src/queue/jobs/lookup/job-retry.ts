import { setTimeout as sleep } from "node:timers/promises";
import { type Job, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { overhead } from "../../ledger/ledger.js";
import { type Quotas, refused } from "../../ledger/quotas.js";
import { memberOf, type QueueKeys } from "../../redis/queue-keys.js";
import { script } from "../../redis/script.js";
import { heldUpload } from "../../uploads/upload-ownership.js";
import { admission, admissionOf, priorityOf } from "../admission/admission.js";
import { waiting, waitingKeys } from "../admission/admit-and-queue.js";
import { erased } from "../ends/outcomes.js";
import type { FaceQueue } from "../job/face-queue.js";
import { type FaceQueueJob, liveJob, uploadsOf } from "../job/job-view.js";
import { givenBackSince } from "../work/give-back.js";
import type { JobSightings } from "./job-sightings.js";

/**
 * Takes a failure back and queues the job again, as BullMQ's own `retry` does: in one step, so that whoever asks at the
 * same time finds it failed or queued, and nobody writes the end of a job that has just been given another chance. A
 * failure that nobody could write down, which BullMQ alone knows, is taken back as well. Returns the job's number, 0 when
 * it has not failed, or why it is refused.
 */
const retry = script(
  {
    keys: { outcome: "key", ended: "key", failed: "key", job: "key" },
    args: { id: "text", createdAt: "number", member: "text" },
    uses: [admission, waiting],
  },
  `
local hasEnd = redis.call("EXISTS", outcome) == 1
if hasEnd and redis.call("HGET", outcome, "state") ~= "failed" then return 0 end
if not redis.call("ZSCORE", failed, id) or redis.call("EXISTS", job) == 0 then return 0 end
-- It is there already: nothing more is taken than was.
local number = admit({{createdAt = createdAt, id = id, thing = id, bytes = 0}})[1]
if number < 0 then return number end
redis.call("DEL", outcome)
redis.call("ZREM", ended, member)
redis.call("ZREM", failed, id)
redis.call("HDEL", job, "atm", "stc", "finishedOn", "processedOn", "failedReason", "${givenBackSince}")
redis.call("HSET", job, "priority", number)
takes(kept, id, redis.call("HSTRLEN", job, "data") + ${overhead.job})
letWait({{id = id, number = number}})
return number`,
);

const putAwayWithinMs = 500;
const putAwayCheckMs = 20;

/** Gives failed jobs another set of attempts, under the same id. */
export class JobRetry {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly queue: FaceQueue,
    private readonly sightings: JobSightings,
  ) {}

  /**
   * Returns the job, queued again; undefined when there is none.
   * @throws ProblemError `job_not_failed`, `job_not_repeatable`, `too_many_jobs` or `too_much_kept`
   */
  async retry(tenant: string, id: string, quotas: Quotas): Promise<Job | undefined> {
    const sighting = await this.sightings.of(tenant, id, { withResult: false });
    if (!sighting || sighting.view === erased) return undefined;
    if (sighting.view.state !== "failed") throw notFailed(sighting.view.state);
    const queued = await this.#repeatable(sighting.queued ?? (await this.queue.getJob(id)));
    await putAway(queued);
    const retried = await this.#retry(tenant, queued, quotas);
    if (retried === 0) throw notFailed("about to be tried again");
    if (retried < 0) throw refused(retried, quotas);
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

  #retry(tenant: string, queued: FaceQueueJob, quotas: Quotas): Promise<number> {
    const { keys, queue } = this;
    const { id = "", data: payload, timestamp: createdAt } = queued;
    const admitted = admissionOf({ payload, priority: priorityOf(queued.priority), ...quotas }, keys, queue);
    const places = {
      ...admitted.keys,
      ...waitingKeys(queue),
      outcome: keys.outcome(id),
      ended: keys.ended,
      failed: queue.toKey("failed"),
      job: queue.toKey(id),
    };
    const args = { ...admitted.args, id, createdAt, member: memberOf(tenant, id) };
    return retry.run(this.redis, places, args);
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
