import { type Static, Type } from "typebox";
import { BatchCounts } from "./batch.js";
import { imageTasks, Task } from "./task.js";
import { TenantId } from "./tenant.js";
import { TraceContext } from "./trace-context.js";

/** Every event by its type, below the kind of what it is about. What else a new one takes: docs/extending.md. */
export const webhookEvents = {
  job: ["job.succeeded", "job.failed", "job.canceled"],
  batch: ["batch.finished"],
} as const;

const Timestamp = Type.String({ format: "date-time" });

/** A job that has ended, without anything biometric: of faces, only how many. */
export const JobSummary = Type.Object(
  {
    id: Type.String(),
    task: Task,
    state: Type.Enum(["succeeded", "failed", "canceled"]),
    faces: Type.Integer({
      minimum: 0,
      description: "How many faces the result has; of a match, how many of its gallery were compared.",
    }),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    links: Type.Object({ self: Type.String({ description: "Where the result is." }), events: Type.String() }),
  },
  { $id: "JobSummary" },
);

export const BatchSummary = Type.Object(
  {
    id: Type.String(),
    task: Type.Enum(imageTasks),
    state: Type.Enum(["finished", "failed", "canceled"]),
    counts: BatchCounts,
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    links: Type.Object({ self: Type.String({ description: "Where the batch is." }), results: Type.String() }),
  },
  { $id: "BatchSummary" },
);

export const JobEvent = Type.Object(
  {
    type: Type.Enum(webhookEvents.job),
    timestamp: Type.String({ format: "date-time", description: "When it ended." }),
    data: JobSummary,
  },
  { $id: "JobEvent" },
);

export const BatchEvent = Type.Object(
  {
    type: Type.Literal(webhookEvents.batch[0]),
    timestamp: Type.String({ format: "date-time", description: "When it ended." }),
    data: BatchSummary,
  },
  { $id: "BatchEvent" },
);

/** What a receiver is sent (Standard Webhooks 1.0). It is thin: the receiver looks the job or the batch up. */
export const WebhookEvent = Type.Union([JobEvent, BatchEvent], { $id: "WebhookEvent" });
export type WebhookEvent = Static<typeof WebhookEvent>;

const announcement = {
  /** The `webhook-id`: the same however often the event is moved or delivered. */
  id: Type.String({ pattern: "^e[0-9a-f]{32}$" }),
  tenant: TenantId,
  url: Type.String(),
  createdAt: Timestamp,
  /** When the job or the batch is forgotten, and with it what is known of a delivery that is over. */
  expiresAt: Type.Optional(Timestamp),
  /** The trace that its deliveries belong to. */
  trace: Type.Optional(TraceContext),
  /** Of the request that submitted the job or the batch. */
  requestId: Type.Optional(Type.String()),
};

/**
 * An end as it waits in the outbox. It holds all that the webhook says, because the outcome may have expired or been
 * erased when it is sent. Only those that were asked for are there.
 */
export const OutboxEvent = Type.Union([
  Type.Object({ kind: Type.Literal("job"), ...announcement, data: JobSummary }),
  Type.Object({ kind: Type.Literal("batch"), ...announcement, data: BatchSummary }),
]);
export type OutboxEvent = Static<typeof OutboxEvent>;

/** That an event, which is known, is to be sent again. */
export const OutboxResend = Type.Object({
  kind: Type.Literal("resend"),
  id: announcement.id,
  round: Type.Integer({ minimum: 1 }),
});
export type OutboxResend = Static<typeof OutboxResend>;

/** An event in the hands of the delivery. The first round is 0; each resend is another. */
export const WebhookDelivery = Type.Object(
  { event: announcement.id, round: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);
export type WebhookDelivery = Static<typeof WebhookDelivery>;
