import type { FaceJobPayload, ImageRef } from "@facefleet/contracts";
import type { Applicant } from "../jobs/admission/admission.js";
import type { BatchRecord } from "./batch-record.js";

/** What the ids of a batch's jobs begin with. */
export function itemPrefix(batchId: string): string {
  return `${batchId}.`;
}

export function itemJobId(batchId: string, index: number): string {
  return `${itemPrefix(batchId)}${index}`;
}

export function indexOfItem(jobId: string): number {
  return Number(jobId.slice(jobId.lastIndexOf(".") + 1));
}

/** An item of a batch as a job that asks to be queued. */
export function itemApplicant({ id, plan }: BatchRecord, index: number, image: ImageRef): Applicant {
  const { task, options, resultTtlSeconds, tenant, priority, trace, requestId } = plan;
  const payload: FaceJobPayload = { task, images: [image], options, resultTtlSeconds, tenant, batch: { id, index } };
  return {
    id: itemJobId(id, index),
    payload,
    priority,
    createdAt: Date.now(),
    maxQueuedJobs: undefined,
    trace: trace && { ...trace, isLinked: true },
    requestId,
  };
}
