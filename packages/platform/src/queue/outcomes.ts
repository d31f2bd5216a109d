import type { FaceJobPayload, Job } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { lineKeys, lineOf, writeLine } from "./batches/batch-lines.js";
import type { Origin } from "./job-trace.js";
import { tenantOf, ttlSecondsOf, uploadsOf } from "./job-view.js";
import { thingOf } from "./ledger/job-thing.js";
import { keptKeys, ledger, ledgerKeys, overhead, storedKeys } from "./ledger/ledger.js";
import { announcementOf, announcing, endEvent } from "./outbox.js";
import { memberOf, type QueueKeys } from "./queue-keys.js";
import { fieldOf, type KeptText, keptTextOf, storedId } from "./results/kept-text.js";
import type { ResultStore } from "./results/result-store.js";
import { type ArgumentsOf, as, clock, full, type KeysOf, part, script } from "./script.js";
import { once, type Persist } from "./until-redis-answers.js";
import { batchUploads } from "./uploads/batch-uploads.js";
import { uploadKeys, uploadList, uploadOwnership } from "./uploads/upload-ownership.js";
import { eventErasure, eventErasureOf } from "./webhooks/event-records.js";

/** What stands where an outcome was before its owner erased it. */
export const erased = "erased";
export type Outcome = Job | typeof erased;

export interface OutcomeRecord {
  readonly tenant: string;
  /** Without its result. */
  readonly outcome: Outcome;
  /** Where one was asked for. */
  readonly result?: KeptText;
  /** The event that announces the end, where one was asked for. */
  readonly event?: string;
}

/**
 * Everything that must follow from a job's end, with the end: whatever dies next, nothing of it is lost. `member` names it
 * among those that have ended, unless it is a batch's; `released` are the uploads that it lets go, `withheld`, with spaces
 * between, those that it keeps to be tried again with.
 */
const ending = part(
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

/** Returns whether it was written; also when it had been with this very object for a result, and the answer was lost. */
const end = script(
  { uses: [ending, announcing] },
  `
if redis.call("EXISTS", outcome) == 1 then
  return storedId(result) and redis.call("HGET", outcome, "result") == result and 1 or 0
end
endJob()
announce(outcome, tenant)
return 1`,
);

/**
 * The same for an item of a batch, which has one line and is counted once, also when its outcome is long forgotten. Its
 * uploads are its batch's. `part`: as a thing of the ledger; `payloadBytes`: what it took there as a job.
 */
const endItem = script(
  {
    keys: { lines: "key" },
    args: { index: "number", line: "text", itemUploads: ["text"], part: "text", payloadBytes: "number" },
    uses: [ending, writeLine, batchUploads],
  },
  `
if redis.call("EXISTS", outcome) == 1 then
  return storedId(line) and redis.call("HGET", lines, index) == line and 1 or 0
end
endJob()
if not writeLine(lines, index, line, state) then return 1 end
for _, upload in ipairs(itemUploads) do releaseBatchUpload(upload) end
takesMore(kept, part, #line + ${overhead.line} - payloadBytes - ${overhead.job}, tenant)
local object, objectBytes = storedId(line)
if object then
  redis.call("ZADD", results, "+inf", object)
  takes(stored, object, tonumber(objectBytes), tenant)
end
return 1`,
);

/** Longer than any worker holds on to an item that has ended elsewhere. */
const itemTtlSeconds = 600;

type BatchItem = NonNullable<FaceJobPayload["batch"]>;

/**
 * The time to live stays what it is. The event that announces the end goes too, once it is delivered. Returns the uploads
 * that were kept.
 */
const erase = script(
  {
    keys: { outcome: "key", jobs: "key", results: "key", kept: ledgerKeys },
    args: { id: "text" },
    uses: [ledger, eventErasure, uploadOwnership, storedId, full],
    answer: as<string>(),
  },
  `
if redis.call("EXISTS", outcome) == 0 then return "" end
evenWhenFull(outcome)
redis.call("ZREM", jobs, id)
local event, withheld, result = unpack(redis.call("HMGET", outcome, "event", "uploads", "result"))
eraseEvent(event)
takes(kept, id, ${overhead.erased})
for upload in string.gmatch(withheld or "", "%S+") do releaseUpload(upload, id) end
local object = storedId(result)
if object then redis.call("ZADD", results, 0, object) end
redis.call("HDEL", outcome, "job", "result", "state", "event", "uploads")
redis.call("HSET", outcome, "erased", "1")
return withheld or ""`,
);

/** How a job ended, without what came of it. */
export type JobEnd = Pick<Job, "task" | "state" | "error">;

/** Told of each end by the process that wrote it, and by no other. */
export interface EndListener {
  readonly onOutcome?: ((end: JobEnd) => void) | undefined;
}

/**
 * How each job ended, written once: the first outcome of a job is the one that counts. Every outcome
 * expires on its own, exactly its time to live after it was written.
 */
export class Outcomes {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly results: ResultStore,
    private readonly listener: EndListener = {},
  ) {}

  async read(jobId: string, { withResult = true } = {}): Promise<OutcomeRecord | undefined> {
    const fields = ["tenant", "job", "event", ...(withResult ? ["result"] : [])];
    return recordOf(await this.redis.hmget(this.keys.outcome(jobId), ...fields));
  }

  /**
   * Writes the job's end unless it has one, with all that follows from it, which has the job's origin. Returns
   * whether it was written. Of a result that is too large for Redis, one object is stored, however often Redis is asked.
   * @throws ProblemError `store_unavailable` for such a result
   */
  async write(job: Job, payload: FaceJobPayload, origin?: Origin, persist: Persist = once): Promise<boolean> {
    const { batch } = payload;
    const text = batch ? JSON.stringify(lineOf(job, payload.images[0]!, batch.index)) : resultOf(job);
    const kept = await this.results.keep(text, persist);
    const write = batch
      ? this.#endingOfItem(job, payload, batch, fieldOf(kept))
      : this.#endingOfJob(job, payload, fieldOf(kept), origin);
    const isWritten = (await persist(write)) === 1;
    if (isWritten) this.listener.onOutcome?.(job);
    else await this.results.discard(kept);
    return isWritten;
  }

  /**
   * Removes the content and keeps the place until the outcome would have expired: nobody can write it again. Returns the
   * uploads that it had kept.
   */
  async erase(tenant: string, jobId: string): Promise<string[]> {
    const { keys } = this;
    const places = {
      outcome: keys.outcome(jobId),
      jobs: keys.jobs(tenant),
      uploads: uploadKeys(keys),
      results: keys.results,
      kept: keptKeys(keys),
    };
    const withheld = await erase.run(this.redis, places, { id: jobId, ...eventErasureOf(keys) });
    return withheld === "" ? [] : withheld.split(" ");
  }

  #endingOfJob(job: Job, payload: FaceJobPayload, result: string, origin?: Origin): () => Promise<number> {
    const own = this.#endOf(job, payload, result);
    const announcement = announcementOf(endEvent(job, payload, origin), this.keys);
    const keys = { ...own.keys, ...announcement.keys };
    const args = { ...own.args, ...announcement.args };
    return () => end.run(this.redis, keys, args);
  }

  /** The outcome of an item says that it has ended; its result is in its batch's line. */
  #endingOfItem(job: Job, payload: FaceJobPayload, batch: BatchItem, line: string): () => Promise<number> {
    const own = this.#endOf(job, { ...payload, resultTtlSeconds: itemTtlSeconds }, undefined);
    const keys = { ...own.keys, ...lineKeys(this.keys, batch), named: this.keys.batchUploads(batch.id) };
    const args = {
      ...own.args,
      index: batch.index,
      line,
      batchId: batch.id,
      itemUploads: uploadsOf(payload),
      part: thingOf(job.id, payload),
      payloadBytes: Buffer.byteLength(JSON.stringify(payload)),
    };
    return () => endItem.run(this.redis, keys, args);
  }

  #endOf(
    job: Job,
    payload: FaceJobPayload,
    result: string | undefined,
  ): { keys: KeysOf<typeof ending>; args: ArgumentsOf<typeof ending> } {
    const { keys } = this;
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
}

/** Whether a job ended so that it may be tried again as it is, with the images that came with it. */
function isRepeatable({ error }: Job): boolean {
  return error?.retryable === true;
}

function recordOf([tenant, job, event, result]: (string | null)[]): OutcomeRecord | undefined {
  if (typeof tenant !== "string") return undefined;
  if (typeof job !== "string") return { tenant, outcome: erased };
  const outcome = JSON.parse(job) as Job;
  return { tenant, outcome, ...(event && { event }), ...(result && { result: keptTextOf(result) }) };
}

function resultOf({ result }: Job): string {
  return result ? JSON.stringify(result) : "";
}

/** What an idempotency key still answers once the job is forgotten: nothing of the image or its owner's words. */
function shapeOf({ metadata, result, webhook, ...shape }: Job): Job {
  return shape;
}
