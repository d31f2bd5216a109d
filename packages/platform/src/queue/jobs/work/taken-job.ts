import type { FaceJobPayload, FacePriority } from "@facefleet/contracts";
import { priorityOf } from "../admission/admission.js";
import { originOf } from "../job/job-trace.js";
import type { FaceQueueJob } from "../job/job-view.js";

/** A job in the hands of this worker. */
export interface TakenJob {
  readonly id: string;
  readonly payload: FaceJobPayload;
  readonly priority: FacePriority;
  /** Of the request that submitted it, or its batch; a job of the version before has none. */
  readonly requestId?: string | undefined;
  readonly createdAt: Date;
  /** 1 for the first start. */
  readonly attempt: number;
  /** From submission until this start, in milliseconds. */
  readonly queueMs: number;
}

/** A job that is being done. */
export interface RunningJob extends TakenJob {
  /** Shows callers what is being done, if it takes long. Returns at once; a stage that cannot be stored is forgotten. */
  reportStage(stage: string): void;
}

export function takenJob(job: FaceQueueJob): TakenJob {
  return {
    id: job.id!,
    payload: job.data,
    priority: priorityOf(job.priority),
    requestId: originOf(job).requestId,
    createdAt: new Date(job.timestamp),
    attempt: job.attemptsStarted,
    // Clocks of two machines may differ.
    queueMs: Math.max(0, (job.processedOn ?? Date.now()) - job.timestamp),
  };
}
