import { type Static, type TSchema, Type } from "typebox";
import { ImageRef } from "./image-ref.js";
import { JobOptions, Task } from "./job.js";

/** A face job as it travels in the queue: references and options only. */
export const FaceJobPayload = Type.Object(
  {
    task: Task,
    images: Type.Array(ImageRef, { minItems: 1, maxItems: 2 }),
    options: JobOptions,
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    resultTtlSeconds: Type.Integer(),
  },
  { additionalProperties: false },
);
export type FaceJobPayload = Static<typeof FaceJobPayload>;

export interface QueueDefinition {
  readonly name: string;
  readonly payload: TSchema;
  /** How often a job is tried before it fails. */
  readonly attempts: number;
  readonly backoff: { readonly type: "exponential"; readonly delay: number; readonly jitter: number };
  /** How long a worker may be silent before its jobs are given to another, in milliseconds. */
  readonly lockDurationMs: number;
  /** How often a job may lose its worker before it fails. */
  readonly maxStalls: number;
  /** Lower numbers go first. Every job has one: a job without would outrank them all. */
  readonly priorities: Readonly<Record<string, number>>;
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
    priorities: { interactive: 1, high: 10, normal: 20, low: 30 },
  },
} as const satisfies Record<string, QueueDefinition>;

export type FacePriority = keyof typeof queueCatalogue.faces.priorities;
