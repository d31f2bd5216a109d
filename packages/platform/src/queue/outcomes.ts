import type { Job } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "./queue-keys.js";

/** What stands where an outcome was before its owner erased it. */
export const erased = "erased";
export type Outcome = Job | typeof erased;

const tombstone = JSON.stringify({ erased: true });

/**
 * How each job ended, written once: the first outcome of a job is the one that counts. Every outcome
 * expires on its own, exactly its time to live after it was written.
 */
export class Outcomes {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  async read(jobId: string): Promise<Outcome | undefined> {
    const text = await this.redis.get(this.keys.outcome(jobId));
    if (text === null) return undefined;
    return text === tombstone ? erased : (JSON.parse(text) as Job);
  }

  /** Writes the job's end unless it has one, and tells whoever waits for it. Returns whether it was written. */
  async write(job: Job, ttlSeconds: number): Promise<boolean> {
    const written = await this.redis.set(this.keys.outcome(job.id), JSON.stringify(job), "PX", ttlSeconds * 1000, "NX");
    if (written === null) return false;
    await this.redis.publish(this.keys.finishedChannel, job.id);
    return true;
  }

  /** Removes the content and keeps the place until the outcome would have expired: nobody can write it again. */
  async erase(jobId: string): Promise<void> {
    await this.redis.set(this.keys.outcome(jobId), tombstone, "KEEPTTL", "XX");
  }
}
