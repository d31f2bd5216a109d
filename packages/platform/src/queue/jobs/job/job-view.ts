import {
  defaultTenant,
  type FaceJobPayload,
  type ImageRef,
  type Job,
  type JobResult,
  type Problem,
  ProblemError,
  queueCatalogue,
  type Task,
  tasks,
  type WebhookState,
} from "@facefleet/contracts";
import type { Job as QueueJob, JobState as QueueState } from "bullmq";
import { RecordedFailure } from "./recorded-failure.js";

export type FaceQueueJob = QueueJob<FaceJobPayload>;

/** What a job shows of itself in every state. */
type Identified = Pick<FaceQueueJob, "id" | "data" | "timestamp" | "attemptsStarted">;

/** How a job ended. */
export type Ending =
  | { readonly state: "succeeded"; readonly result: JobResult }
  | { readonly state: "failed"; readonly error: Problem }
  | { readonly state: "canceled" };

const defaultTtlSeconds = 3600;

/** Whether it is succeeded, failed or canceled. */
export function hasEnded(job: Job): boolean {
  return job.state !== "queued" && job.state !== "active";
}

/** The wire's state for a job that has not ended; undefined for one that has. */
export function liveState(state: QueueState | "unknown"): "queued" | "active" | undefined {
  if (state === "active") return "active";
  return state === "failed" || state === "completed" || state === "unknown" ? undefined : "queued";
}

export function queuedJob(job: Identified): Job {
  return { ...identity(job), state: "queued", ...webhookOf(job, "waiting") };
}

export function liveJob(job: FaceQueueJob, state: "queued" | "active"): Job {
  if (state === "queued") return queuedJob(job);
  const stage = stageOf(job.progress);
  return {
    ...identity(job),
    state,
    ...(stage !== undefined && { progress: { stage } }),
    ...startOf(job),
    ...webhookOf(job, "waiting"),
  };
}

/** The whole final job, as it is kept and shown. */
export function endedJob(job: FaceQueueJob, ending: Ending, finishedAt = Date.now()): Job {
  return {
    ...identity(job),
    ...startOf(job),
    finishedAt: timestamp(finishedAt),
    expiresAt: timestamp(finishedAt + ttlSecondsOf(job.data) * 1000),
    ...ending,
    ...webhookOf(job, "pending"),
  };
}

/**
 * The end of a job that BullMQ gave up with nobody left to write its outcome. Undefined when an outcome
 * was written, which has then expired, and once this one would have.
 */
export function unrecordedFailure(job: FaceQueueJob): Job | undefined {
  if (job.finishedOn === undefined || RecordedFailure.isReason(job.failedReason)) return undefined;
  if (job.finishedOn + ttlSecondsOf(job.data) * 1000 <= Date.now()) return undefined;
  return endedJob(job, { state: "failed", error: givenUpProblem(job) }, job.finishedOn);
}

/** Why BullMQ gave a job up: its workers died too often, or its outcome could not be written. */
export function givenUpProblem(job: FaceQueueJob): Problem {
  const isLost = job.stalledCounter > queueCatalogue.faces.maxStalls;
  return new ProblemError(isLost ? "worker_lost" : "internal_error").toProblem();
}

/** How long the job's outcome is kept. A payload from another version of the service may not say. */
export function ttlSecondsOf({ resultTtlSeconds }: FaceJobPayload): number {
  return Number.isInteger(resultTtlSeconds) ? resultTtlSeconds : defaultTtlSeconds;
}

/** Whose job it is. A payload from the version before does not say. */
export function tenantOf({ tenant }: FaceJobPayload): string {
  return typeof tenant === "string" ? tenant : defaultTenant;
}

/** The uploads that a job is about. */
export function uploadsOf({
  images,
  given,
}: Pick<FaceJobPayload, "given"> & { images: readonly ImageRef[] }): string[] {
  const uploads: string[] = [];
  for (const image of images) if ("upload" in image) uploads.push(image.upload);
  if (given) uploads.push(given.upload);
  return uploads;
}

/** Who holds the uploads of a job: the job, or the batch that it is an item of. */
export function holderOf(id: string, { batch }: FaceJobPayload): string {
  return batch?.id ?? id;
}

function identity(job: Identified) {
  const { metadata } = job.data;
  return {
    id: job.id!,
    task: taskOf(job),
    createdAt: timestamp(job.timestamp),
    attempts: job.attemptsStarted,
    ...(metadata && { metadata }),
    links: { self: `/v1/jobs/${job.id}`, events: `/v1/jobs/${job.id}/events` },
  };
}

function webhookOf({ data }: Identified, state: WebhookState): Pick<Job, "webhook"> {
  return data.webhook ? { webhook: { state, attempts: 0 } } : {};
}

function taskOf(job: Identified): Task {
  const task: unknown = job.data.task;
  return tasks.find((known) => known === task) ?? "detect";
}

function startOf(job: FaceQueueJob): { startedAt?: string } {
  return job.processedOn === undefined ? {} : { startedAt: timestamp(job.processedOn) };
}

function stageOf(progress: unknown): string | undefined {
  const stage = typeof progress === "object" && progress !== null && "stage" in progress ? progress.stage : undefined;
  return typeof stage === "string" ? stage : undefined;
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
