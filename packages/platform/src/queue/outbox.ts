import { randomBytes } from "node:crypto";
import type { Batch, FaceJobPayload, Job, OutboxEvent } from "@facefleet/contracts";
import type { BatchPlan } from "./batches/batch-record.js";
import type { Origin } from "./job-trace.js";
import { tenantOf } from "./job-view.js";

type JobEvent = Extract<OutboxEvent, { kind: "job" }>;
type BatchEvent = Extract<OutboxEvent, { kind: "batch" }>;

/** What every receiver knows an event by. */
export function newEventId(): string {
  return `e${randomBytes(16).toString("hex")}`;
}

/**
 * The event of a job's end; undefined when nobody asked for it. An event is announced by pushing it, as JSON, to the
 * right end of the list `QueueKeys.outbox`, in the same step as the end that it tells of.
 */
export function endEvent(job: Job, payload: FaceJobPayload, origin: Origin = {}): JobEvent | undefined {
  const { id, task, state, metadata, links, result, expiresAt } = job;
  if (!payload.webhook || state === "queued" || state === "active") return undefined;
  return {
    kind: "job",
    id: newEventId(),
    tenant: tenantOf(payload),
    url: payload.webhook.url,
    createdAt: job.finishedAt ?? new Date().toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
    ...announcedFrom(origin),
    data: { id, task, state, faces: result?.faces.length ?? 0, ...(metadata && { metadata }), links },
  };
}

/** The same for the end of a batch. */
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

function announcedFrom({ trace, requestId }: Origin) {
  return { ...(trace && { trace }), ...(requestId !== undefined && { requestId }) };
}
