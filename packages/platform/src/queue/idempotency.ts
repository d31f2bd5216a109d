import { setTimeout as sleep } from "node:timers/promises";
import { type Job, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "./queue-keys.js";
import { RedisScript } from "./redis-script.js";

/** A caller's promise that two requests with one key are the same request. */
export interface Idempotency {
  readonly key: string;
  /** Any digest of the request's body. */
  readonly bodyHash: string;
}

export interface Claim {
  /**
   * `claimed`: the job is to be submitted; `inherited`: too, unless it is there, because whoever claimed the key
   * before cannot be asked; `submitted`: it was.
   */
  readonly state: "claimed" | "inherited" | "submitted";
  readonly jobId: string;
  /** The job as it was when it ended, if it has ended. It outlives the job's outcome. */
  readonly shape?: Job;
}

const recordTtlMs = 24 * 3600 * 1000;
/** How long others wait for whoever claimed a key to submit its job. */
const claimMs = 5000;
const claimCheckMs = 25;

/** KEYS: record. ARGV: id for a new job, hash of the body, milliseconds of a claim and of the record. */
const claim = new RedisScript<["conflict" | "pending" | Claim["state"], string, string]>(`
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local jobId, bodyHash, submitted, claimedUntil, shape =
  unpack(redis.call("HMGET", KEYS[1], "jobId", "bodyHash", "submitted", "claimedUntil", "shape"))
if jobId and bodyHash ~= ARGV[2] then return {"conflict", "", ""} end
if submitted then return {"submitted", jobId, shape or ""} end
if jobId and tonumber(claimedUntil) > now then return {"pending", "", ""} end
redis.call("HSET", KEYS[1], "claimedUntil", string.format("%.0f", now + ARGV[3]))
if jobId then return {"inherited", jobId, shape or ""} end
redis.call("HSET", KEYS[1], "jobId", ARGV[1], "bodyHash", ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[4])
return {"claimed", ARGV[1], ""}`);

/**
 * Remembers for 24 hours which job each idempotency key led to. A key keeps its job's id from the first claim
 * on: a request that is repeated because the answer to it was lost queues the same job, which is queued once.
 */
export class IdempotencyRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  /**
   * Claims the key for a job that is to have the id `newId`, unless it belongs to a job already. Waits while
   * another request holds the claim.
   * @throws ProblemError `idempotency_conflict` when the key was used with another body.
   */
  async claim(digest: string, bodyHash: string, newId: string): Promise<Claim> {
    for (;;) {
      const args = [newId, bodyHash, claimMs, recordTtlMs];
      const [state, jobId, shape] = await claim.run(this.redis, [this.keys.idempotency(digest)], args);
      if (state === "conflict") throw new ProblemError("idempotency_conflict");
      if (state !== "pending") return { state, jobId, ...(shape !== "" && { shape: JSON.parse(shape) as Job }) };
      await sleep(claimCheckMs);
    }
  }

  /** To be called once the job is in the queue. */
  async confirm(digest: string): Promise<void> {
    await this.redis.hset(this.keys.idempotency(digest), "submitted", "1");
  }

  /** Lets the next request with this key try. A claim that cannot be reached ends by itself. */
  async yield(digest: string): Promise<void> {
    await this.redis.hset(this.keys.idempotency(digest), "claimedUntil", "0").catch(() => undefined);
  }
}
