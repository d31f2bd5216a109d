import type {
  Batch,
  BatchRequest,
  BatchState,
  FacePriority,
  JobOptions,
  Problem,
  TraceContext,
} from "@facefleet/contracts";
import { partSize } from "../ledger/batch-part.js";

/** Where the items of a batch come from. */
export type BatchSource =
  | { readonly items: number }
  | Pick<Extract<BatchRequest, { manifest: unknown }>, "manifest">
  | Pick<Extract<BatchRequest, { prefix: unknown }>, "prefix">;

/** What a batch is to do: its request, complete with every default. */
export interface BatchPlan {
  readonly tenant: string;
  readonly task: Batch["task"];
  readonly options: JobOptions;
  readonly priority: FacePriority;
  readonly source: BatchSource;
  readonly output?: NonNullable<BatchRequest["output"]>;
  readonly webhook?: NonNullable<BatchRequest["webhook"]>;
  readonly metadata?: NonNullable<BatchRequest["metadata"]>;
  readonly resultTtlSeconds: number;
  /** The buckets that its items may be in; without it, all that the service opens to callers. */
  readonly allowedBuckets?: readonly string[];
  /** The digest that names the record of its idempotency key. */
  readonly idempotency?: string;
  /** The trace that it was submitted in, and the request. */
  readonly trace?: TraceContext;
  readonly requestId?: string;
}

/** A batch as it is kept while it lives, and after it until it expires. */
export interface BatchRecord {
  readonly id: string;
  readonly plan: BatchPlan;
  readonly state: BatchState;
  /** How it is to end once what is left of it has been canceled. */
  readonly stopping?: "canceled" | "failed";
  readonly error?: Problem;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly finishedAt?: number;
  readonly expiresAt?: number;
  /** How many items have been counted so far; in the end, how many there are. */
  readonly total: number;
  /** How many items have been queued so far, or failed because they cannot be. */
  readonly expanded: number;
  /** Where the source is to be read on. */
  readonly cursor: string;
  /** Which version of the source was read. */
  readonly version: string;
  /** How often its failed items have been tried again. In each such round it is expanded and stored anew. */
  readonly round: number;
  /** How many parts of the results are in the object store. */
  readonly stored: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly canceled: number;
  /** The event that announces the end, where one was asked for. */
  readonly event?: string;
  /** How often in a row it could not be worked on, and why the last time. */
  readonly setbacks: number;
  readonly heldUpBy?: Problem;
}

/** The record that a Redis hash holds; undefined when there is none, or nothing of it any more. */
export function recordOf(id: string, hash: Readonly<Record<string, string>>): BatchRecord | undefined {
  const { plan, state, stopping, error, finishedAt, expiresAt, cursor = "", version = "", event, heldUpBy } = hash;
  if (plan === undefined || state === undefined) return undefined;
  const number = (field: string) => Number(hash[field] ?? 0);
  return {
    id,
    plan: JSON.parse(plan) as BatchPlan,
    state: state as BatchState,
    ...(stopping !== undefined && { stopping: stopping as "canceled" | "failed" }),
    ...(error !== undefined && { error: JSON.parse(error) as Problem }),
    createdAt: number("createdAt"),
    ...(finishedAt !== undefined && { finishedAt: Number(finishedAt) }),
    ...(expiresAt !== undefined && { expiresAt: Number(expiresAt) }),
    total: number("total"),
    expanded: number("expanded"),
    cursor,
    version,
    round: number("round"),
    stored: number("stored"),
    succeeded: number("succeeded"),
    failed: number("failed"),
    canceled: number("canceled"),
    ...(event !== undefined && { event }),
    setbacks: number("setbacks"),
    ...(heldUpBy !== undefined && { heldUpBy: JSON.parse(heldUpBy) as Problem }),
  };
}

export function endedItems({ succeeded, failed, canceled }: BatchRecord): number {
  return succeeded + failed + canceled;
}

/** How many items get lines of their own: the others are canceled all at once. Those that are tried again have one. */
export function itemsWithLines({ stopping, finishedAt, state, total, expanded, round }: BatchRecord): number {
  const isCut = stopping !== undefined || (finishedAt !== undefined && state !== "finished");
  return isCut && round === 0 ? expanded : total;
}

/** How many parts the results have, once all items have ended. */
export function partsOf(record: BatchRecord): number {
  return Math.ceil(itemsWithLines(record) / partSize);
}

/** The batch as its owner sees it. */
export function batchView(record: BatchRecord, active: number): Batch {
  const { id, plan, state, stopping, error, createdAt, finishedAt, expiresAt, total, round, setbacks, heldUpBy } =
    record;
  const { succeeded, failed, canceled } = record;
  const ended = endedItems(record);
  const running = Math.min(active, total - ended);
  return {
    id,
    task: plan.task,
    state: stopping ?? state,
    counts: { total, queued: total - ended - running, active: running, succeeded, failed, canceled },
    progress: state === "queued" || total === 0 ? Number(finishedAt !== undefined) : ended / total,
    ...(round > 0 && { retries: round }),
    ...(plan.output && { output: plan.output }),
    createdAt: new Date(createdAt).toISOString(),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt).toISOString() }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    ...(plan.metadata && { metadata: plan.metadata }),
    links: { self: `/v1/batches/${id}`, results: `/v1/batches/${id}/results` },
    ...(error && { error }),
    ...(setbacks > 0 && finishedAt === undefined && heldUpBy && { heldUpBy }),
  };
}
