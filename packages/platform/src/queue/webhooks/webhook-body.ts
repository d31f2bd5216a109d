import type { OutboxEvent, WebhookEvent } from "@facefleet/contracts";

/** The bytes that a receiver is sent, in every attempt the same. */
export function webhookBody(event: OutboxEvent): string {
  return JSON.stringify(eventOf(event));
}

function eventOf(event: OutboxEvent): WebhookEvent {
  const timestamp = event.createdAt;
  if (event.kind === "batch") return { type: "batch.finished", timestamp, data: event.data };
  return { type: `job.${event.data.state}`, timestamp, data: event.data };
}
