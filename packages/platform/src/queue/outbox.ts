import { randomBytes } from "node:crypto";
import type { Batch, FaceJobPayload, Job } from "@facefleet/contracts";
import type { BatchPlan } from "./batches/batch-record.js";

/**
 * A job's end that a webhook is to hear of, as it waits in the outbox. It holds all that the webhook says,
 * because the outcome may have expired or been erased when it is sent: of faces, only how many.
 */
export interface JobEvent {
  readonly kind: "job";
  /** The same however often the event is moved or delivered. */
  readonly id: string;
  readonly tenant: string;
  readonly jobId: string;
  readonly url: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly data: Pick<Job, "id" | "task" | "state" | "metadata" | "links"> & { readonly faces: number };
}

/** The same for the end of a batch. */
export interface BatchEvent {
  readonly kind: "batch";
  readonly id: string;
  readonly tenant: string;
  readonly batchId: string;
  readonly url: string;
  readonly createdAt: string;
  readonly data: Pick<Batch, "id" | "task" | "state" | "counts" | "metadata" | "links">;
}

/** The event of a batch's end; undefined when nobody asked for it. */
export function batchEvent(
  batch: Batch,
  { tenant, webhook }: Pick<BatchPlan, "tenant" | "webhook">,
): BatchEvent | undefined {
  if (!webhook) return undefined;
  const { id, task, state, counts, metadata, links } = batch;
  return {
    kind: "batch",
    id: newEventId(),
    tenant,
    batchId: id,
    url: webhook.url,
    createdAt: batch.finishedAt ?? new Date().toISOString(),
    data: { id, task, state, counts, ...(metadata && { metadata }), links },
  };
}

/** The event of a job's end; undefined when nobody asked for it. */
export function endEvent(job: Job, { tenant, webhook }: FaceJobPayload): JobEvent | undefined {
  if (!webhook) return undefined;
  const { id, task, state, metadata, links, result } = job;
  return {
    kind: "job",
    id: newEventId(),
    tenant,
    jobId: id,
    url: webhook.url,
    createdAt: job.finishedAt ?? new Date().toISOString(),
    data: { id, task, state, faces: result?.faces.length ?? 0, ...(metadata && { metadata }), links },
  };
}

function newEventId(): string {
  return `e${randomBytes(16).toString("hex")}`;
}
