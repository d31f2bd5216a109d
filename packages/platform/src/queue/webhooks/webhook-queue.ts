import { queueCatalogue, type WebhookDelivery } from "@facefleet/contracts";
import type { JobsOptions, Queue } from "bullmq";
import { openQueue } from "../redis/bullmq-redis.js";
import type { FleetRedis } from "../redis/fleet-redis.js";

export type WebhookQueue = Queue<WebhookDelivery, void, string>;

const { name, attempts, backoff } = queueCatalogue.webhooks;

export function openWebhookQueue(redis: FleetRedis): WebhookQueue {
  return openQueue(name, redis, 1000);
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
