import type { FaceJobPayload, Job } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead, storedKeys } from "../../ledger/ledger.js";
import { memberOf, type QueueKeys } from "../../redis/queue-keys.js";
import { type ArgumentsOf, clock, full, type KeysOf, part } from "../../redis/script.js";
import { storedId } from "../../results/kept-text.js";
import { uploadKeys, uploadList, uploadOwnership } from "../../uploads/upload-ownership.js";
import { tenantOf, ttlSecondsOf, uploadsOf } from "../job/job-view.js";

/** How a job ended, without what came of it. */
export type JobEnd = Pick<Job, "task" | "state" | "error">;

/** Told of each end by the process that wrote it, and by no other. */
export interface EndListener {
  readonly onOutcome?: ((end: JobEnd) => void) | undefined;
}

/** What ends jobs that are items of batches: with their line, in the same step. */
export interface ItemEnds {
  /** What is kept of the end of an item. */
  lineOf(job: Job, payload: FaceJobPayload): string;
  /** Writes the end, with the line as a field of Redis holds it; 1 where it was written. Asked again, it asks for the same. */
  write(redis: Redis, keys: QueueKeys, job: Job, payload: FaceJobPayload, line: string): Promise<number>;
}

/** What whoever ends jobs is given. */
export interface Ends extends EndListener {
  readonly items: ItemEnds;
}

/**
 * Everything that must follow from a job's end, with the end: whatever dies next, nothing of it is lost. `member` names it
 * among those that have ended, unless it is a batch's; `released` are the uploads that it lets go, `withheld`, with spaces
 * between, those that it keeps to be tried again with.
 */
export const ending = part(
  {
    keys: {
      outcome: "key",
      live: "key",
      ended: "key",
      idempotency: "key",
      results: "key",
      kept: ledgerKeys,
      stored: ledgerKeys,
    },
    args: {
      tenant: "text",
      id: "text",
      state: "text",
      job: "text",
      result: "text?",
      ttl: "number",
      member: "text?",
      shape: "text?",
      finishedChannel: "text",
      canceledChannel: "text",
      released: ["text"],
      withheld: "text?",
    },
    uses: [storedId, uploadOwnership, ledger, full, clock],
  },
  `
local function writeOutcome(expiry)
  redis.call("HSET", outcome, "tenant", tenant, "state", state, "job", job)
  if result then redis.call("HSET", outcome, "result", result) end
  if withheld then redis.call("HSET", outcome, "uploads", withheld) end
  redis.call("PEXPIRE", outcome, ttl)
  local object, objectBytes = storedId(result)
  if object then
    redis.call("ZADD", results, expiry, object)
    takes(stored, object, tonumber(objectBytes), tenant)
  end
  if member then
    redis.call("ZADD", ended, expiry, member)
    local before = takes(kept, id, #job + #(result or "") + ${overhead.outcome}, tenant)
    -- BullMQ keeps a job that failed.
    if state == "failed" then takesMore(kept, id, before) end
  end
end

local function endJob()
  evenWhenFull(outcome)
  -- Not before the outcome is gone.
  writeOutcome(whole(now() + 1 + ttl))
  redis.call("ZREM", live, id)
  for _, upload in ipairs(released) do releaseUpload(upload, id) end
  if shape and redis.call("EXISTS", idempotency) == 1 then redis.call("HSET", idempotency, "shape", shape) end
  redis.call("PUBLISH", finishedChannel, id)
  if state == "canceled" then redis.call("PUBLISH", canceledChannel, id) end
end`,
);

/** The keys and arguments of `ending`. `result`: what is kept in the outcome, as a field of it. */
export function endingOf(
  job: Job,
  payload: FaceJobPayload,
  result: string | undefined,
  keys: QueueKeys,
): { keys: KeysOf<typeof ending>; args: ArgumentsOf<typeof ending> } {
  const { batch, idempotency } = payload;
  const { result: _, ...withoutResult } = job;
  const tenant = tenantOf(payload);
  const uploads = batch ? [] : uploadsOf(payload);
  const isKept = isRepeatable(job);
  return {
    keys: {
      outcome: keys.outcome(job.id),
      live: keys.liveOf({ tenant, batch }),
      ended: keys.ended,
      idempotency: keys.idempotency(idempotency ?? ""),
      uploads: uploadKeys(keys),
      results: keys.results,
      kept: keptKeys(keys),
      stored: storedKeys(keys),
    },
    args: {
      tenant,
      id: job.id,
      state: job.state,
      job: JSON.stringify(withoutResult),
      result,
      ttl: ttlSecondsOf(payload) * 1000,
      member: batch ? undefined : memberOf(tenant, job.id),
      shape: idempotency ? JSON.stringify(shapeOf(job)) : undefined,
      finishedChannel: keys.finishedChannel,
      canceledChannel: keys.canceledChannel,
      released: isKept ? [] : uploads,
      withheld: isKept ? uploadList(uploads) : undefined,
    },
  };
}

/** Whether a job ended so that it may be tried again as it is, with the images that came with it. */
export function isRepeatable({ error }: Job): boolean {
  return error?.retryable === true;
}

/** What an idempotency key still answers once the job is forgotten: nothing of the image or its owner's words. */
function shapeOf({ metadata, result, webhook, ...shape }: Job): Job {
  return shape;
}
