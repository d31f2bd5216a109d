import type { FaceJobPayload, Job } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead } from "../../ledger/ledger.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { as, full, script } from "../../redis/script.js";
import { once, type Persist } from "../../redis/until-redis-answers.js";
import { fieldOf, type KeptText, keptTextOf, storedId } from "../../results/kept-text.js";
import type { ResultStore } from "../../results/result-store.js";
import { uploadKeys, uploadOwnership } from "../../uploads/upload-ownership.js";
import { eventErasure, eventErasureOf } from "../../webhooks/event-records.js";
import { announcementOf, announcing } from "../../webhooks/outbox.js";
import type { Origin } from "../job/job-trace.js";
import { type Ends, ending, endingOf, type ItemEnds } from "./job-end.js";
import { endEvent } from "./job-event.js";

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

/** Returns whether it was written; also when it had been with this very object for a result, and the answer was lost. */
const end = script(
  { keys: { set: "key" }, args: { mustBeInSet: "flag" }, uses: [ending, announcing] },
  `
if mustBeInSet and not redis.call("ZSCORE", set, id) then return 0 end
if redis.call("EXISTS", outcome) == 1 then
  return storedId(result) and redis.call("HGET", outcome, "result") == result and 1 or 0
end
endJob()
announce(outcome, tenant)
return 1`,
);

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

export interface WriteOptions {
  readonly persist?: Persist;
  /**
   * The sorted set that the job must be in, or nothing is written: that of BullMQ's failed jobs, for the end of one that
   * BullMQ gave up and that somebody may have queued again meanwhile. Not asked of an item, which nobody queues again.
   */
  readonly ifIn?: string | undefined;
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
    /** Nothing for those who only read. */
    private readonly ends?: Ends,
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
  async write(
    job: Job,
    payload: FaceJobPayload,
    origin?: Origin,
    { persist = once, ifIn }: WriteOptions = {},
  ): Promise<boolean> {
    const items = payload.batch && this.#items;
    const kept = await this.results.keep(items ? items.lineOf(job, payload) : resultOf(job), persist);
    const write = items
      ? () => items.write(this.redis, this.keys, job, payload, fieldOf(kept))
      : this.#writing(job, payload, fieldOf(kept), { origin, ifIn });
    const isWritten = (await persist(write)) === 1;
    if (isWritten) this.ends?.onOutcome?.(job);
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

  get #items(): ItemEnds {
    if (!this.ends) throw new TypeError("Expected whoever ends an item to be given what ends items");
    return this.ends.items;
  }

  /** The event is made once, however often it is written. */
  #writing(
    job: Job,
    payload: FaceJobPayload,
    result: string,
    { origin, ifIn }: { origin: Origin | undefined; ifIn: string | undefined },
  ): () => Promise<number> {
    const own = endingOf(job, payload, result, this.keys);
    const announcement = announcementOf(endEvent(job, payload, origin), this.keys);
    const keys = { ...own.keys, ...announcement.keys, set: ifIn ?? own.keys.outcome };
    const args = { ...own.args, ...announcement.args, mustBeInSet: ifIn !== undefined };
    return () => end.run(this.redis, keys, args);
  }
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
