import { queueCatalogue, type WebhookDelivery } from "@facefleet/contracts";
import { type JobsOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { unasked } from "../redis/bullmq-redis.js";

export type WebhookQueue = Queue<WebhookDelivery, void, string>;

const { name, attempts, backoff } = queueCatalogue.webhooks;

export function openWebhookQueue(redis: Redis, prefix: string): WebhookQueue {
  const queue: WebhookQueue = new Queue(name, {
    connection: redis,
    prefix,
    ...unasked,
    streams: { events: { maxLen: 1000 } },
  });
  // The connection logs its own losses; without a listener they would end the process.
  queue.on("error", () => undefined);
  return queue;
}

const options = {
  attempts,
  backoff,
  removeOnComplete: true,
  removeOnFail: true,
  stackTraceLimit: 0,
} satisfies JobsOptions;

/** Queues deliveries. One that is queued already stays as it is. */
export async function addDeliveries(queue: WebhookQueue, deliveries: readonly WebhookDelivery[]): Promise<void> {
  await queue.addBulk(deliveries.map((data) => ({ name, data, opts: { ...options, jobId: deliveryId(data) } })));
}

function deliveryId({ event, round }: WebhookDelivery): string {
  return `${event}.${round}`;
}
