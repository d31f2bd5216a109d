import type { FaceJobPayload, TraceContext } from "@facefleet/contracts";
import type { Attributes } from "@opentelemetry/api";
import { type FaceQueueJob, tenantOf } from "./job-view.js";

/** Where a job that is queued belongs. */
export interface QueuedTrace extends TraceContext {
  /** The job has a trace of its own, with a link to this one, which others of its kind would fill. */
  readonly isLinked?: boolean;
}

/** The option of BullMQ's that keeps it, as what stands in JSON before other options. */
export function traceOption(trace: QueuedTrace | undefined): string {
  return trace ? `"tm":${JSON.stringify(JSON.stringify(trace))},` : "";
}

/** The trace that a job was queued in. */
export function traceOf({ opts }: Pick<FaceQueueJob, "opts">): TraceContext | undefined {
  const metadata = opts.telemetry?.metadata;
  return metadata ? (JSON.parse(metadata) as TraceContext) : undefined;
}

/** What spans say of a job: nothing of its images. */
export function jobAttributes(id: string, payload: FaceJobPayload): Attributes {
  return {
    "facefleet.job.id": id,
    "facefleet.task": payload.task,
    "facefleet.tenant": tenantOf(payload),
    ...(payload.batch && { "facefleet.batch.id": payload.batch.id }),
  };
}

/** What they say of a message, as OpenTelemetry's conventions have it. */
export function messageAttributes(operation: "send" | "process", queue: string, id: string): Attributes {
  return {
    "messaging.system": "bullmq",
    "messaging.destination.name": queue,
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
    "messaging.message.id": id,
  };
}
