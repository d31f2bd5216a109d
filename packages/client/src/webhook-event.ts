import type { Batch, BatchCounts, Job } from "@facefleet/contracts";

interface JobEvent {
  readonly type: "job.succeeded" | "job.failed" | "job.canceled";
  /** When it ended (RFC 3339). */
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly task: Job["task"];
    readonly state: "succeeded" | "failed" | "canceled";
    /** How many faces the result has. */
    readonly faces: number;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly links: Job["links"];
  };
}

interface BatchEvent {
  readonly type: "batch.finished";
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly task: Batch["task"];
    readonly state: "finished" | "failed" | "canceled";
    readonly counts: BatchCounts;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly links: Batch["links"];
  };
}

/** What a webhook announces. It is thin: the result is to be fetched. A newer service may send other types too. */
export type WebhookEvent = JobEvent | BatchEvent;
