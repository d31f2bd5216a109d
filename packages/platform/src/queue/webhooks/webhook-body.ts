import type { OutboxEvent, WebhookEvent } from "@facefleet/contracts";

/**
 * The bytes that a receiver is sent, in every attempt the same.
 *
 * @param publicBase what is put before the paths of links, where it is known
 */
export function webhookBody(event: OutboxEvent, publicBase = ""): string {
  return JSON.stringify(eventOf(event, publicBase));
}

function eventOf({ createdAt: timestamp, ...event }: OutboxEvent, publicBase: string): WebhookEvent {
  if (event.kind === "batch") {
    const { self, results } = event.data.links;
    const links = { self: publicBase + self, results: publicBase + results };
    return { type: "batch.finished", timestamp, data: { ...event.data, links } };
  }
  const { self, events } = event.data.links;
  const links = { self: publicBase + self, events: publicBase + events };
  return { type: `job.${event.data.state}`, timestamp, data: { ...event.data, links } };
}
