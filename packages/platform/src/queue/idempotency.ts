import { setTimeout as sleep } from "node:timers/promises";
import { type ProblemCode, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { bytesOf, type Quotas, refusals, refused } from "./admission.js";
import { keptKeys, ledger, overhead } from "./ledger/ledger.js";
import type { QueueKeys } from "./queue-keys.js";
import { isUnanswered } from "./redis-errors.js";
import { RedisScript } from "./redis-script.js";

/** A caller's promise that two requests with one key are the same request. */
export interface Idempotency {
  readonly key: string;
  /** Any digest of the request's body. */
  readonly bodyHash: string;
}

interface Claim {
  /**
   * `claimed`: the thing is to be made; `inherited`: too, unless it is there, because whoever claimed the key
   * before cannot be asked; `made`: it was.
   */
  readonly state: "claimed" | "inherited" | "made";
  readonly id: string;
  /** The thing as it was when it ended, if it has ended. It outlives the thing itself. */
  readonly shape?: unknown;
}

/** What a key is claimed for: a job or a batch. */
export interface Claimed<T> extends Pick<Quotas, "maxKeptBytes"> {
  readonly tenant: string;
  /** Names the record. */
  readonly digest: string;
  readonly bodyHash: string;
  /** What is said when it was lost. */
  readonly lost: ProblemCode;
  /** The id that it is to have, unless the key has led to one before. */
  readonly newId: string;
  /** Whether there may be one of that id already: that of a request whose answer was lost, which had no key. */
  readonly mayExist?: boolean;
  find(id: string): Promise<T | undefined>;
  /** The thing as it was when it ended, of which nothing more is known. */
  recall(shape: unknown): T;
  make(id: string): Promise<T>;
}

const recordTtlMs = 24 * 3600 * 1000;
/** How long others wait for whoever claimed a key. */
const claimMs = 5000;
const claimCheckMs = 25;

/**
 * KEYS: record, what ends by itself, then those of the ledger. ARGV: id for a new thing, hash of the body, milliseconds of
 * a claim and of the record, tenant, name of the record, most bytes of the tenant or "".
 */
const claim = new RedisScript<["conflict" | "pending" | "full" | Claim["state"], string, string]>(`${ledger}
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local jobId, bodyHash, submitted, claimedUntil, shape =
  unpack(redis.call("HMGET", KEYS[1], "jobId", "bodyHash", "submitted", "claimedUntil", "shape"))
if jobId and bodyHash ~= ARGV[2] then return {"conflict", "", ""} end
if submitted then return {"made", jobId, shape or ""} end
if jobId and tonumber(claimedUntil) > now then return {"pending", "", ""} end
local bytes = tonumber(redis.call("HGET", KEYS[4], ARGV[5]) or 0) + ${overhead.idempotencyKey}
if not jobId and ARGV[7] ~= "" and bytes > tonumber(ARGV[7]) then return {"full", "", ""} end
redis.call("HSET", KEYS[1], "claimedUntil", string.format("%.0f", now + ARGV[3]))
if jobId then return {"inherited", jobId, shape or ""} end
redis.call("HSET", KEYS[1], "jobId", ARGV[1], "bodyHash", ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[4])
redis.call("ZADD", KEYS[2], string.format("%.0f", now + ARGV[4]), ARGV[5] .. "/" .. ARGV[6])
takes({KEYS[3], KEYS[4]}, ARGV[6], ${overhead.idempotencyKey}, ARGV[5])
return {"claimed", ARGV[1], ""}`);

/** Changes a record that is still there; another would stay for ever. KEYS: record. ARGV: field, value. */
const change = new RedisScript<number>(`
return redis.call("EXISTS", KEYS[1]) == 1 and redis.call("HSET", KEYS[1], ARGV[1], ARGV[2]) or 0`);

/**
 * Remembers for 24 hours what each idempotency key led to. A key keeps its id from the first claim on: a request
 * that is repeated because the answer to it was lost makes the same thing, which is made once.
 */
export class IdempotencyRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  /**
   * Makes a thing unless its key has led to one, which is then returned instead: once it is forgotten, as it was
   * when it ended. Waits while another request makes it.
   * @throws ProblemError `idempotency_conflict` when the key was used with another body; `lost` when the thing was;
   * `too_much_kept`
   */
  async once<T>(claimed: Claimed<T>): Promise<{ value: T; created: boolean }> {
    const { digest, lost, mayExist = false, ...thing } = claimed;
    const { state, id, shape } = await this.#claim(claimed);
    try {
      const remembered = () => (shape === undefined ? undefined : thing.recall(shape));
      const isNew = state === "claimed" && !mayExist;
      const earlier = isNew ? undefined : ((await thing.find(id)) ?? remembered());
      if (earlier === undefined && state === "made") throw forgotten(lost, id);
      const value = earlier ?? (await thing.make(id));
      // What was there may also be another tenant's.
      if (mayExist && earlier === undefined && !(await thing.find(id))) throw new ProblemError("idempotency_conflict");
      if (state !== "made") await this.#confirm(digest);
      return { value, created: earlier === undefined };
    } catch (error) {
      if (state !== "made") await this.#yield(digest);
      throw error;
    }
  }

  async #claim({ tenant, digest, bodyHash, newId, maxKeptBytes }: Claimed<unknown>): Promise<Claim> {
    const keys = [this.keys.idempotency(digest), this.keys.ended, ...keptKeys(this.keys)];
    const args = [newId, bodyHash, claimMs, recordTtlMs, tenant, `key.${digest}`, bytesOf(maxKeptBytes)];
    for (;;) {
      const [state, id, shape] = await claim.run(this.redis, keys, args);
      if (state === "full") throw refused(refusals.tooMuchKept, { maxKeptBytes });
      if (state === "conflict") throw new ProblemError("idempotency_conflict");
      if (state !== "pending") return { state, id, ...(shape !== "" && { shape: JSON.parse(shape) }) };
      await sleep(claimCheckMs);
    }
  }

  async #confirm(digest: string): Promise<void> {
    await change.run(this.redis, [this.keys.idempotency(digest)], ["submitted", "1"]);
  }

  /** Lets the next request with this key try. A claim that cannot be reached ends by itself. */
  async #yield(digest: string): Promise<void> {
    await change.run(this.redis, [this.keys.idempotency(digest)], ["claimedUntil", "0"]).catch(() => undefined);
  }
}

/** What a submission that has no key is told to come again with: the id that was chosen for it. */
export function unconfirmed(error: unknown, id: string): unknown {
  if (!isUnanswered(error)) return error;
  const detail = "Expected the queue to confirm the submission but it has not answered; it may have it, or get it yet.";
  return new ProblemError("submission_unconfirmed", detail, { cause: error, extras: { idempotencyKey: id } });
}

function forgotten(code: ProblemCode, id: string): ProblemError {
  return new ProblemError(code, `Expected what this idempotency key led to, ${id}, but it was lost.`);
}
