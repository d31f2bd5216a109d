import type { FaceJobPayload, TraceContext } from "@facefleet/contracts";
import type { Attributes } from "@opentelemetry/api";
import { type FaceQueueJob, tenantOf } from "./job-view.js";

/** Where a job that is queued belongs. */
export interface QueuedTrace extends TraceContext {
  /** The job has a trace of its own, with a link to this one, which others of its kind would fill. */
  readonly isLinked?: boolean;
}

/** What a job, a batch or an event came from. */
export interface Origin<T = TraceContext> {
  readonly trace?: T | undefined;
  /** The id of the request that submitted it. */
  readonly requestId?: string | undefined;
}

/** The options of BullMQ's that keep it, as what stands in JSON before other options. Those unknown to it stay as they are. */
export function originOptions({ trace, requestId }: Origin<QueuedTrace>): string {
  const traced = trace ? `"tm":${JSON.stringify(JSON.stringify(trace))},` : "";
  return requestId === undefined ? traced : `${traced}"requestId":${JSON.stringify(requestId)},`;
}

export function originOf(job: Pick<FaceQueueJob, "opts">): Origin {
  const { requestId } = job.opts as { requestId?: string };
  return { trace: traceOf(job), requestId };
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
