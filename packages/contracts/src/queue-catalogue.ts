import { type Static, type TSchema, Type } from "typebox";
import { ImageRef } from "./image-ref.js";
import { GivenPlaces, JobOptions, maxGallery } from "./job.js";
import { Task } from "./task.js";
import { TenantId } from "./tenant.js";
import { WebhookDelivery } from "./webhook-event.js";

/** A face job as it travels in the queue: references and options only. */
export const FaceJobPayload = Type.Object(
  {
    task: Task,
    /** Of a match those that are compared, in their order, between the embeddings that it was given. */
    images: Type.Array(ImageRef, { maxItems: 1 + maxGallery }),
    options: JobOptions,
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    resultTtlSeconds: Type.Integer(),
    tenant: TenantId,
    /** The embeddings that a match was given. */
    given: Type.Optional(GivenPlaces),
    /** Where the job's end is announced. */
    webhook: Type.Optional(Type.Object({ url: Type.String() })),
    /** The batch that the job is an item of, and which one; `item`: the item's own id. */
    batch: Type.Optional(
      Type.Object({
        id: Type.String(),
        index: Type.Integer({ minimum: 0 }),
        item: Type.Optional(Type.String()),
      }),
    ),
    /** The digest that names the record of the idempotency key it was submitted with. */
    idempotency: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type FaceJobPayload = Static<typeof FaceJobPayload>;

export interface PriorityBand {
  readonly first: number;
  readonly last: number;
}

export interface QueueDefinition {
  readonly name: string;
  readonly payload: TSchema;
  /** How often a job is tried before it fails. */
  readonly attempts: number;
  readonly backoff: { readonly type: "exponential" | "fixed"; readonly delay: number; readonly jitter: number };
  /** How long a worker may be silent before its jobs are given to another, in milliseconds. */
  readonly lockDurationMs: number;
  /** How often a job may lose its worker before it fails. */
  readonly maxStalls: number;
  /**
   * Lower numbers go first. Every job of a queue with priorities has one: a job without would outrank them all. Within
   * its band a job's number is chosen so that tenants take turns.
   */
  readonly priorities?: Readonly<Record<string, PriorityBand>>;
}

/** Every queue of the fleet. */
export const queueCatalogue = {
  faces: {
    name: "faces",
    payload: FaceJobPayload,
    attempts: 3,
    backoff: { type: "exponential", delay: 1000, jitter: 0.5 },
    lockDurationMs: 30_000,
    maxStalls: 2,
    // BullMQ's numbers end at 2^21.
    priorities: {
      interactive: { first: 1, last: 524_287 },
      high: { first: 524_288, last: 1_048_575 },
      normal: { first: 1_048_576, last: 1_572_863 },
      low: { first: 1_572_864, last: 2_097_151 },
    },
  },
  webhooks: {
    name: "webhooks",
    payload: WebhookDelivery,
    // When an event is sent again is for the delivery to say. These are for what breaks around it, which must not lose
    // an event.
    attempts: 1000,
    backoff: { type: "fixed", delay: 30_000, jitter: 0.5 },
    lockDurationMs: 30_000,
    maxStalls: 1000,
  },
} as const satisfies Record<string, QueueDefinition>;

export type FacePriority = keyof typeof queueCatalogue.faces.priorities;
