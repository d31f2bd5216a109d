import { randomBytes } from "node:crypto";
import { type FaceJobPayload, queueCatalogue } from "@facefleet/contracts";
import { Queue } from "bullmq";
import { Redis } from "ioredis";

const { attempts, backoff, priorities } = queueCatalogue.faces;

/** BullMQ by itself. */
export class RawQueue {
  readonly #redis: Redis;
  readonly #queue: Queue;

  constructor(redisUrl: string) {
    this.#redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.#queue = new Queue("raw", { connection: this.#redis, prefix: "{facefleet-bench-raw}" });
  }

  async add(payload: FaceJobPayload): Promise<void> {
    const jobId = `j${randomBytes(16).toString("hex")}`;
    const priority = priorities.normal.first;
    await this.#queue.add(payload.task, payload, { jobId, priority, attempts, backoff, removeOnComplete: true });
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#redis.disconnect();
  }
}
