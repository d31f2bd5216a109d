import { setTimeout as sleep } from "node:timers/promises";
import { ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "./queue-keys.js";

/** A caller's promise that two requests with one key are the same request. */
export interface Idempotency {
  readonly key: string;
  /** Any digest of the request's body. */
  readonly bodyHash: string;
}

interface IdempotencyRecord {
  readonly jobId: string;
  readonly bodyHash: string;
  readonly submitted: boolean;
}

const recordTtlMs = 24 * 3600 * 1000;
/** How long a claim outlives a process that dies before it has submitted the job. */
const claimTtlMs = 5000;
const claimCheckMs = 25;

/** Remembers for 24 hours which job each idempotency key led to. It outlives the job. */
export class IdempotencyRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  /**
   * Returns the id of the job that an earlier request with this key submitted; without one, claims the key
   * for `jobId` and returns undefined. Waits while another request holds the claim and has not submitted yet.
   * @throws ProblemError `idempotency_conflict` when the key was used with another body.
   */
  async claim({ key, bodyHash }: Idempotency, jobId: string): Promise<string | undefined> {
    const claim: IdempotencyRecord = { jobId, bodyHash, submitted: false };
    for (;;) {
      const claimed = await this.redis.set(this.keys.idempotency(key), JSON.stringify(claim), "PX", claimTtlMs, "NX");
      if (claimed !== null) return undefined;
      const earlier = await this.#read(key);
      if (earlier && earlier.bodyHash !== bodyHash) throw new ProblemError("idempotency_conflict");
      if (earlier?.submitted) return earlier.jobId;
      await sleep(claimCheckMs);
    }
  }

  async confirm({ key, bodyHash }: Idempotency, jobId: string): Promise<void> {
    const record: IdempotencyRecord = { jobId, bodyHash, submitted: true };
    await this.redis.set(this.keys.idempotency(key), JSON.stringify(record), "PX", recordTtlMs);
  }

  /** Gives a claim up, so that the request can be made again. A claim that cannot be reached expires by itself. */
  async release({ key }: Idempotency): Promise<void> {
    await this.redis.del(this.keys.idempotency(key)).catch(() => undefined);
  }

  async #read(key: string): Promise<IdempotencyRecord | undefined> {
    const text = await this.redis.get(this.keys.idempotency(key));
    return text === null ? undefined : (JSON.parse(text) as IdempotencyRecord);
  }
}
