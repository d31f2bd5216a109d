import { createHash } from "node:crypto";

/**
 * The Redis keys that the service keeps beside BullMQ's own. With a prefix in braces they all fall into
 * BullMQ's hash slot, which Redis Cluster asks of keys that are used together.
 */
export class QueueKeys {
  readonly finishedChannel: string;
  readonly workers: string;
  readonly uploads: string;
  readonly uploadSecret: string;
  /** List of the events that webhooks are to hear of, oldest first. */
  readonly outbox: string;

  constructor(private readonly prefix: string) {
    this.finishedChannel = `${prefix}:finished`;
    this.workers = `${prefix}:workers`;
    this.uploads = `${prefix}:uploads`;
    this.uploadSecret = `${prefix}:upload-secret`;
    this.outbox = `${prefix}:outbox`;
  }

  /** Hash: whose job it was and how it ended. */
  outcome(jobId: string): string {
    return `${this.prefix}:outcome:${jobId}`;
  }

  /** Sorted set of a tenant's jobs that have not ended, by when they were created. */
  live(tenant: string): string {
    return `${this.prefix}:tenant:${tenant}:live`;
  }

  /** Hash: how many of a batch's items ended in each way, and what else is known of it. */
  batch(batchId: string): string {
    return `${this.prefix}:batch:${batchId}`;
  }

  worker(workerId: string): string {
    return `${this.prefix}:worker:${workerId}`;
  }

  idempotency(digest: string): string {
    return `${this.prefix}:idempotency:${digest}`;
  }
}

/** Names the record of a tenant's idempotency key. */
export function idempotencyDigest(tenant: string, key: string): string {
  return createHash("sha256").update(`${tenant}\n${key}`).digest("hex");
}
