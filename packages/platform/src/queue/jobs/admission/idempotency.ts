import { setTimeout as sleep } from "node:timers/promises";
import { type ProblemCode, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead } from "../../ledger/ledger.js";
import { bytesOf, type Quotas, refusals, refused } from "../../ledger/quotas.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { isUnanswered } from "../../redis/redis-errors.js";
import { as, clock, script } from "../../redis/script.js";

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

/** `newId`: what is made gets it; `claimFor`, `keepFor`: how long the claim, and the record, last. */
const claim = script(
  {
    keys: { record: "key", ended: "key", kept: ledgerKeys },
    args: {
      newId: "text",
      bodyHash: "text",
      claimFor: "number",
      keepFor: "number",
      tenant: "text",
      thing: "text",
      maxKeptBytes: "number?",
    },
    uses: [ledger, clock],
    answer: as<["conflict" | "pending" | "full" | Claim["state"], string, string]>(),
  },
  `
local time = now()
local id, claimedHash, submitted, claimedUntil, shape =
  unpack(redis.call("HMGET", record, "jobId", "bodyHash", "submitted", "claimedUntil", "shape"))
if id and claimedHash ~= bodyHash then return {"conflict", "", ""} end
if submitted then return {"made", id, shape or ""} end
if id and tonumber(claimedUntil) > time then return {"pending", "", ""} end
local bytes = sumOf(kept, tenant) + ${overhead.idempotencyKey}
if not id and maxKeptBytes and bytes > maxKeptBytes then return {"full", "", ""} end
redis.call("HSET", record, "claimedUntil", whole(time + claimFor))
if id then return {"inherited", id, shape or ""} end
redis.call("HSET", record, "jobId", newId, "bodyHash", bodyHash)
redis.call("PEXPIRE", record, keepFor)
redis.call("ZADD", ended, whole(time + keepFor), tenant .. "/" .. thing)
takes(kept, thing, ${overhead.idempotencyKey}, tenant)
return {"claimed", newId, ""}`,
);

/** Changes a record that is still there; another would stay for ever. */
const change = script(
  { keys: { record: "key" }, args: { field: "text", value: "text" } },
  `return redis.call("EXISTS", record) == 1 and redis.call("HSET", record, field, value) or 0`,
);

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
    const keys = { record: this.keys.idempotency(digest), ended: this.keys.ended, kept: keptKeys(this.keys) };
    const args = {
      newId,
      bodyHash,
      claimFor: claimMs,
      keepFor: recordTtlMs,
      tenant,
      thing: `key.${digest}`,
      maxKeptBytes: bytesOf(maxKeptBytes),
    };
    for (;;) {
      const [state, id, shape] = await claim.run(this.redis, keys, args);
      if (state === "full") throw refused(refusals.tooMuchKept, { maxKeptBytes });
      if (state === "conflict") throw new ProblemError("idempotency_conflict");
      if (state !== "pending") return { state, id, ...(shape !== "" && { shape: JSON.parse(shape) }) };
      await sleep(claimCheckMs);
    }
  }

  async #confirm(digest: string): Promise<void> {
    await this.#change(digest, "submitted", "1");
  }

  /** Lets the next request with this key try. A claim that cannot be reached ends by itself. */
  async #yield(digest: string): Promise<void> {
    await this.#change(digest, "claimedUntil", "0").catch(() => undefined);
  }

  async #change(digest: string, field: string, value: string): Promise<void> {
    await change.run(this.redis, { record: this.keys.idempotency(digest) }, { field, value });
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
