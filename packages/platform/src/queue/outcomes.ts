import type { FaceJobPayload, Job } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { lineKeys, lineOf, writeLine } from "./batches/batch-lines.js";
import type { Origin } from "./job-trace.js";
import { tenantOf, ttlSecondsOf, uploadsOf } from "./job-view.js";
import { thingOf } from "./ledger/job-thing.js";
import { keptKeys, ledger, overhead, storedKeys } from "./ledger/ledger.js";
import { endEvent } from "./outbox.js";
import { memberOf, type QueueKeys } from "./queue-keys.js";
import { evenWhenFull, RedisScript } from "./redis-script.js";
import { fieldOf, type KeptText, keptTextOf, storedId } from "./results/kept-text.js";
import type { ResultStore } from "./results/result-store.js";
import { once, type Persist } from "./until-redis-answers.js";
import { batchUploads } from "./uploads/batch-uploads.js";
import { uploadKeys, uploadList, uploadOwnership } from "./uploads/upload-ownership.js";
import { eraseEvent, keptMs } from "./webhooks/event-records.js";

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
 * Everything that must follow from a job's end, with the end: whatever dies next, nothing of it is lost. Returns whether
 * it was written; also when it had been written before with this very object for a result, and the answer was lost.
 * KEYS: outcome, live, ended, outbox, idempotency record, then those of `uploadKeys`, the results in the object store,
 * those of the ledgers. ARGV: tenant, id, state, job, result or "", time to live in ms, member of ended or "", event or "",
 * its id, shape or "", channels of what has ended and of what is canceled, uploads that it releases, uploads that it
 * keeps to be tried again with.
 */
const endScript = `${storedId}
local outcome, live, ended, outbox, idempotency = unpack(KEYS)
local kept, stored = {unpack(KEYS, 10, 11)}, {unpack(KEYS, 12, 13)}
local tenant, id, state, job, result, ttl, member, event, eventId, shape, finished, canceled, released, withheld =
  unpack(ARGV)
if redis.call("EXISTS", outcome) == 1 then
  return storedId(result) and redis.call("HGET", outcome, "result") == result and 1 or 0
end
${evenWhenFull}
redis.call("HSET", outcome, "tenant", tenant, "state", state, "job", job)
if result ~= "" then redis.call("HSET", outcome, "result", result) end
redis.call("PEXPIRE", outcome, ttl)
local time = redis.call("TIME")
local expiry = time[1] * 1000 + math.ceil(time[2] / 1000) + ttl
if member ~= "" then redis.call("ZADD", ended, string.format("%.0f", expiry), member) end
local object, objectBytes = storedId(result)
if object then
  redis.call("ZADD", KEYS[9], string.format("%.0f", expiry), object)
  takes(stored, object, tonumber(objectBytes), tenant)
end
redis.call("ZREM", live, id)
for upload in string.gmatch(released, "%S+") do releaseUpload({unpack(KEYS, 6, 8)}, upload, id) end
if withheld ~= "" then redis.call("HSET", outcome, "uploads", withheld) end
if member ~= "" then
  local before = takes(kept, id, #job + #result + ${overhead.outcome}, tenant)
  -- BullMQ keeps a job that failed.
  if state == "failed" then takesMore(kept, id, before) end
end
if event ~= "" then
  redis.call("RPUSH", outbox, event)
  redis.call("HSET", outcome, "event", eventId)
  takes(kept, eventId, #event + ${overhead.event}, tenant)
end
if shape ~= "" and redis.call("EXISTS", idempotency) == 1 then redis.call("HSET", idempotency, "shape", shape) end
redis.call("PUBLISH", finished, id)
if state == "canceled" then redis.call("PUBLISH", canceled, id) end
return 1`;

const end = new RedisScript<number>(`${uploadOwnership}${ledger}${endScript}`);

/**
 * The same for an item of a batch, which has one line and is counted once, also when its outcome is long forgotten. Its
 * uploads are its batch's.
 * KEYS: those before, then batch, its bitmap of ended items, its lines, its uploads. ARGV: those before, then index,
 * line, id of the batch, uploads of the item, the part as a thing of the ledger, bytes of the item's payload.
 */
const endItem = new RedisScript<number>(`${writeLine}${batchUploads}${storedId}${ledger}
local index, line, batchId, named, part, payloadBytes = unpack(ARGV, 15)
local isNew = redis.call("EXISTS", KEYS[1]) == 0
if not isNew and storedId(line) and redis.call("HGET", KEYS[16], index) == line then return 1 end
if isNew then ${evenWhenFull} end
if isNew and writeLine(KEYS[14], KEYS[15], KEYS[16], index, line, ARGV[3]) then
  for upload in string.gmatch(named, "%S+") do
    releaseBatchUpload({unpack(KEYS, 6, 8)}, KEYS[17], upload, batchId)
  end
  takesMore({unpack(KEYS, 10, 11)}, part, #line + ${overhead.line} - payloadBytes - ${overhead.job}, ARGV[1])
  local object, objectBytes = storedId(line)
  if object then
    redis.call("ZADD", KEYS[9], "+inf", object)
    takes({unpack(KEYS, 12, 13)}, object, tonumber(objectBytes), ARGV[1])
  end
end
${endScript}`);

/** Longer than any worker holds on to an item that has ended elsewhere. */
const itemTtlSeconds = 600;

type BatchItem = NonNullable<FaceJobPayload["batch"]>;

/**
 * The time to live stays what it is. The event that announces the end goes too, once it is delivered.
 * KEYS: outcome, jobs, then those of `uploadKeys`, the results in the object store, those of the ledger. ARGV: id, prefix
 * of events, how long an event may take in ms. Returns the uploads that were kept.
 */
const erase = new RedisScript<string>(`${ledger}${eraseEvent}${uploadOwnership}${storedId}
local outcome, jobs = unpack(KEYS)
local ofLedger = {unpack(KEYS, 7, 8)}
if redis.call("EXISTS", outcome) == 0 then return "" end
${evenWhenFull}
redis.call("ZREM", jobs, ARGV[1])
local event, kept, result = unpack(redis.call("HMGET", outcome, "event", "uploads", "result"))
eraseEvent(event, ARGV[2], ARGV[3], ofLedger)
takes(ofLedger, ARGV[1], ${overhead.erased})
for upload in string.gmatch(kept or "", "%S+") do releaseUpload({unpack(KEYS, 3, 5)}, upload, ARGV[1]) end
if storedId(result) then redis.call("ZADD", KEYS[6], 0, (storedId(result))) end
redis.call("HDEL", outcome, "job", "result", "state", "event", "uploads")
redis.call("HSET", outcome, "erased", "1")
return kept or ""`);

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
    const { keys, args } = batch
      ? this.#endOfItem(job, payload, batch, fieldOf(kept))
      : this.#endOf(job, payload, fieldOf(kept), origin);
    const isWritten = (await persist(() => (batch ? endItem : end).run(this.redis, keys, args))) === 1;
    if (isWritten) this.listener.onOutcome?.(job);
    else await this.results.discard(kept);
    return isWritten;
  }

  /** The outcome of an item says that it has ended; its result is in its batch's line. */
  #endOfItem(job: Job, payload: FaceJobPayload, batch: BatchItem, line: string) {
    const { keys, args } = this.#endOf(job, { ...payload, resultTtlSeconds: itemTtlSeconds }, "");
    const [thing, payloadBytes] = [thingOf(job.id, payload), Buffer.byteLength(JSON.stringify(payload))];
    return {
      keys: [...keys, ...lineKeys(this.keys, batch), this.keys.batchUploads(batch.id)],
      args: [...args, batch.index, line, batch.id, uploadList(uploadsOf(payload)), thing, payloadBytes],
    };
  }

  #endOf(
    job: Job,
    payload: FaceJobPayload,
    keptResult: string,
    origin?: Origin,
  ): { keys: string[]; args: (string | number)[] } {
    const { keys } = this;
    const { batch, idempotency } = payload;
    const { result: _, ...withoutResult } = job;
    const tenant = tenantOf(payload);
    const event = endEvent(job, payload, origin);
    const uploads = batch ? "" : uploadList(uploadsOf(payload));
    const isKept = isRepeatable(job);
    return {
      keys: [
        keys.outcome(job.id),
        keys.liveOf({ tenant, batch }),
        keys.ended,
        keys.outbox,
        keys.idempotency(idempotency ?? ""),
        ...uploadKeys(keys),
        keys.results,
        ...keptKeys(keys),
        ...storedKeys(keys),
      ],
      args: [
        tenant,
        job.id,
        job.state,
        JSON.stringify(withoutResult),
        keptResult,
        ttlSecondsOf(payload) * 1000,
        batch ? "" : memberOf(tenant, job.id),
        event ? JSON.stringify(event) : "",
        event?.id ?? "",
        idempotency ? JSON.stringify(shapeOf(job)) : "",
        keys.finishedChannel,
        keys.canceledChannel,
        isKept ? "" : uploads,
        isKept ? uploads : "",
      ],
    };
  }

  /**
   * Removes the content and keeps the place until the outcome would have expired: nobody can write it again. Returns the
   * uploads that it had kept.
   */
  async erase(tenant: string, jobId: string): Promise<string[]> {
    const { keys } = this;
    const places = [keys.outcome(jobId), keys.jobs(tenant), ...uploadKeys(keys), keys.results, ...keptKeys(keys)];
    const kept = await erase.run(this.redis, places, [jobId, keys.event(""), keptMs]);
    return kept === "" ? [] : kept.split(" ");
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
