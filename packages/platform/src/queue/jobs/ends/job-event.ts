import { type FaceJobPayload, facesIn, type Job, type OutboxEvent } from "@facefleet/contracts";
import { announcedFrom, newEventId } from "../../webhooks/outbox.js";
import type { Origin } from "../job/job-trace.js";
import { tenantOf } from "../job/job-view.js";

type JobEvent = Extract<OutboxEvent, { kind: "job" }>;

/** The event of a job's end; undefined when nobody asked for it. */
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
    data: { id, task, state, faces: result ? facesIn(result) : 0, ...(metadata && { metadata }), links },
  };
}
