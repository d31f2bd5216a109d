import { randomBytes } from "node:crypto";
import type { FaceJobPayload, Job, OutboxEvent } from "@facefleet/contracts";
import { tenantOf } from "./job-view.js";

type JobEvent = Extract<OutboxEvent, { kind: "job" }>;

/** What every receiver knows an event by. */
export function newEventId(): string {
  return `e${randomBytes(16).toString("hex")}`;
}

/**
 * The event of a job's end; undefined when nobody asked for it. An event is announced by pushing it, as JSON, to the
 * right end of the list `QueueKeys.outbox`, in the same step as the end that it tells of.
 */
export function endEvent(job: Job, payload: FaceJobPayload): JobEvent | undefined {
  const { id, task, state, metadata, links, result, expiresAt } = job;
  if (!payload.webhook || state === "queued" || state === "active") return undefined;
  return {
    kind: "job",
    id: newEventId(),
    tenant: tenantOf(payload),
    url: payload.webhook.url,
    createdAt: job.finishedAt ?? new Date().toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
    data: { id, task, state, faces: result?.faces.length ?? 0, ...(metadata && { metadata }), links },
  };
}
