import type { BatchItem, FaceJobPayload, LabelledImage } from "@facefleet/contracts";
import type { Applicant } from "../jobs/admission/admission.js";
import type { BatchRecord } from "./batch-record.js";

/** What the ids of a batch's jobs begin with. */
export function itemPrefix(batchId: string): string {
  return `${batchId}.`;
}

/** One in each round: what is still known of the job before would be taken for its end. */
export function itemJobId(batchId: string, index: number, round = 0): string {
  const first = `${itemPrefix(batchId)}${index}`;
  return round === 0 ? first : `${first}.${round}`;
}

export function indexOfItem(jobId: string): number {
  return Number(jobId.split(".")[1]);
}

/** An item with its label, if it has one. */
export function labelled(item: BatchItem): LabelledImage {
  return "image" in item ? item : { image: item };
}

/** An item of a batch as a job that asks to be queued. */
export function itemApplicant(
  { id, plan, round }: BatchRecord,
  index: number,
  labelledImage: LabelledImage,
): Applicant {
  const { task, options, resultTtlSeconds, tenant, priority, trace, requestId } = plan;
  const { image, id: item, metadata } = labelledImage;
  const payload: FaceJobPayload = {
    task,
    images: [image],
    options,
    ...(metadata && { metadata }),
    resultTtlSeconds,
    tenant,
    batch: { id, index, ...(item !== undefined && { item }) },
  };
  return {
    id: itemJobId(id, index, round),
    payload,
    priority,
    createdAt: Date.now(),
    maxQueuedJobs: undefined,
    trace: trace && { ...trace, isLinked: true },
    requestId,
  };
}
