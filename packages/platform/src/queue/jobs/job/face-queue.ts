import { randomUUID } from "node:crypto";
import { type FaceJobPayload, queueCatalogue } from "@facefleet/contracts";
import type { JobsOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { openQueue } from "../../redis/bullmq-redis.js";
import type { FleetRedis } from "../../redis/fleet-redis.js";

export type FaceQueue = Queue<FaceJobPayload, void, string>;

const { name, attempts, backoff } = queueCatalogue.faces;

export function openFaceQueue(redis: FleetRedis): FaceQueue {
  return openQueue(name, redis, 10_000);
}

/** Whether somebody has paused it, as the tools of BullMQ can: its workers take nothing then. */
export async function isPaused(redis: Redis, queue: FaceQueue): Promise<boolean> {
  return (await redis.hget(queue.toKey("meta"), "paused")) !== null;
}

/** BullMQ refuses ids that are all digits. Node makes random UUIDs from a pool, at a tenth of the cost of other bytes. */
export function newJobId(): string {
  const id = randomUUID();
  return `j${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`;
}

/** Whether `newJobId` may have made it. */
export function isJobId(text: string): boolean {
  return /^j[0-9a-f]{32}$/.test(text);
}

/** What BullMQ is to know of every job. */
export const jobOptions = {
  attempts,
  backoff,
  removeOnComplete: true,
  // A failed job can be tried again for as long as its outcome is kept. The sweep removes it before.
  removeOnFail: { age: 7 * 24 * 3600 },
  // Causes go to the worker's log, not into Redis.
  stackTraceLimit: 0,
} satisfies JobsOptions;
