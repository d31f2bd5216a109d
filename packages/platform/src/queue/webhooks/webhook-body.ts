import type { OutboxEvent, WebhookEvent } from "@facefleet/contracts";

/**
 * The bytes that a receiver is sent, in every attempt the same.
 *
 * @param publicBase what is put before the paths of links, where it is known
 */
export function webhookBody(event: OutboxEvent, publicBase = ""): string {
  return JSON.stringify(eventOf(event, publicBase));
}

function eventOf(event: OutboxEvent, publicBase: string): WebhookEvent {
  const { kind, createdAt: timestamp } = event;
  switch (kind) {
    case "job":
      return { type: `job.${event.data.state}`, timestamp, data: withLinks(event.data, publicBase) };
    case "batch":
      return { type: "batch.finished", timestamp, data: withLinks(event.data, publicBase) };
  }
}

function withLinks<Summary extends OutboxEvent["data"]>(data: Summary, publicBase: string): Summary {
  const links = Object.entries(data.links).map(([name, path]) => [name, publicBase + path]);
  return { ...data, links: Object.fromEntries(links) };
}
