import type { Batch, OutboxEvent } from "@facefleet/contracts";
import { announcedFrom, newEventId } from "../webhooks/outbox.js";
import type { BatchPlan } from "./batch-record.js";

type BatchEvent = Extract<OutboxEvent, { kind: "batch" }>;

/** The event of a batch's end; undefined when nobody asked for it. */
export function batchEvent(batch: Batch, { tenant, webhook, ...origin }: BatchPlan): BatchEvent | undefined {
  const { id, task, state, counts, metadata, links, expiresAt } = batch;
  if (!webhook || state === "queued" || state === "active") return undefined;
  return {
    kind: "batch",
    id: newEventId(),
    tenant,
    url: webhook.url,
    createdAt: batch.finishedAt ?? new Date().toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
    ...announcedFrom(origin),
    data: { id, task, state, counts, ...(metadata && { metadata }), links },
  };
}
