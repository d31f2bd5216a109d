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

  constructor(private readonly prefix: string) {
    this.finishedChannel = `${prefix}:finished`;
    this.workers = `${prefix}:workers`;
    this.uploads = `${prefix}:uploads`;
    this.uploadSecret = `${prefix}:upload-secret`;
  }

  outcome(jobId: string): string {
    return `${this.prefix}:outcome:${jobId}`;
  }

  worker(workerId: string): string {
    return `${this.prefix}:worker:${workerId}`;
  }

  idempotency(key: string): string {
    return `${this.prefix}:idempotency:${createHash("sha256").update(key).digest("hex")}`;
  }
}
