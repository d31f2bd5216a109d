import { setTimeout as sleep } from "node:timers/promises";
import { type FaceJobPayload, type FacePriority, type Job, ProblemError, type WorkerInfo } from "@facefleet/contracts";
import type { RedisSettings } from "../config/index.js";
import type { Logger } from "../logging/index.js";
import { type FaceQueue, jobOptions, newJobId, openFaceQueue } from "./face-queue.js";
import { FinishedSignal } from "./finished-signal.js";
import { type Idempotency, IdempotencyRecords } from "./idempotency.js";
import { JobSightings, type Sighting } from "./job-sightings.js";
import { endedJob, type FaceQueueJob, isFinished, liveJob, tenantOf, uploadsOf } from "./job-view.js";
import { erased, Outcomes } from "./outcomes.js";
import { idempotencyDigest, QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";
import { readyWorkers } from "./worker-registry.js";

export interface SubmitOptions {
  readonly priority: FacePriority;
  readonly id?: string;
  readonly idempotency?: Idempotency;
}

export interface Submission {
  readonly job: Job;
  /** False when an earlier request with the same idempotency key submitted the job. */
  readonly created: boolean;
}

export interface CancelOutcome {
  /** `canceled`: it had not ended; `erased`: it had, and its result is gone now. */
  readonly outcome: "canceled" | "erased";
  /** The uploads of a job that no worker will clean up after. They may be deleted already. */
  readonly uploads: string[];
}

/** How often a wait looks by itself, for an end whose message was lost. */
const recheckMs = 2000;

/**
 * Submits, finds and cancels face jobs. BullMQ knows where a job is while it lives; its outcome, kept apart
 * and written once, tells how it ended. Every method throws ProblemError `queue_unavailable` within about
 * a second when Redis cannot be reached, and works again as soon as it can.
 */
export class FaceJobs {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #queue: FaceQueue;
  readonly #outcomes: Outcomes;
  readonly #sightings: JobSightings;
  readonly #idempotency: IdempotencyRecords;
  readonly #finished: FinishedSignal;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
    this.#queue = openFaceQueue(this.#connection.client, settings.QUEUE_PREFIX);
    this.#outcomes = new Outcomes(this.#connection.client, this.#keys);
    this.#sightings = new JobSightings(this.#queue, this.#outcomes);
    this.#idempotency = new IdempotencyRecords(this.#connection.client, this.#keys);
    this.#finished = new FinishedSignal(settings, this.#keys, options.logger);
  }

  /**
   * Queues a job. With an idempotency key that has been used, the earlier job is returned instead.
   * @throws ProblemError `idempotency_conflict` when the key was used with another body; `job_not_found` when
   * the earlier job has been forgotten since.
   */
  submit(payload: FaceJobPayload, options: SubmitOptions): Promise<Submission> {
    const { priority, id = newJobId() } = options;
    const idempotency = options.idempotency && {
      ...options.idempotency,
      key: idempotencyDigest(payload.tenant, options.idempotency.key),
    };
    return this.#connection.attempt(async () => {
      if (!idempotency) return { job: await this.#add(id, payload, priority), created: true };
      const earlier = await this.#idempotency.claim(idempotency, id);
      if (earlier !== undefined) return { job: await this.#earlierJob(payload.tenant, earlier), created: false };
      try {
        const job = await this.#add(id, payload, priority);
        await this.#idempotency.confirm(idempotency, id);
        return { job, created: true };
      } catch (error) {
        await this.#idempotency.release(idempotency);
        throw error;
      }
    });
  }

  /** The job as it is now; undefined when there is none, or none any more. */
  find(tenant: string, id: string): Promise<Job | undefined> {
    return this.#connection.attempt(async () => {
      const view = (await this.#sightings.of(tenant, id))?.view;
      return view === erased ? undefined : view;
    });
  }

  /** The job once it has ended; as it is then, when the time is over or the signal fires first. */
  async waitUntilFinished(
    tenant: string,
    id: string,
    milliseconds: number,
    signal?: AbortSignal,
  ): Promise<Job | undefined> {
    const deadline = Date.now() + milliseconds;
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#finished.on(id, wake);
    signal?.addEventListener("abort", wake);
    if (signal?.aborted) wake();
    try {
      await this.#finished.open();
      let job = await this.find(tenant, id);
      let isOver = milliseconds <= 0;
      while (job && !isFinished(job) && !isOver) {
        const pause = Math.min(recheckMs, Math.max(0, deadline - Date.now()));
        await sleep(pause, undefined, { signal: woken.signal }).catch(() => undefined);
        // Decided before the last look: an end that is signalled while looking is still seen.
        isOver = woken.signal.aborted || Date.now() >= deadline;
        job = await this.find(tenant, id);
      }
      return job;
    } finally {
      this.#finished.off(id, wake);
      signal?.removeEventListener("abort", wake);
    }
  }

  /** Cancels a job that has not ended, wherever it is, or erases the result of one that has. Idempotent. */
  cancel(tenant: string, id: string): Promise<CancelOutcome | undefined> {
    return this.#connection.attempt(async () => {
      const sighting = await this.#sightings.of(tenant, id);
      if (!sighting) return undefined;
      const { view, queued } = sighting;
      if (view === erased) return { outcome: "erased", uploads: [] };
      if (view.state === "canceled") return { outcome: "canceled", uploads: [] };
      if (queued && !isFinished(view)) return this.#cancelLive(id, queued);
      return this.#eraseEnded(id, sighting);
    });
  }

  /** How many jobs wait for a worker, are held by one, and wait for their next attempt. */
  depth(): Promise<Record<"waiting" | "active" | "delayed", number>> {
    return this.#connection.attempt(async () => {
      const counts = await this.#queue.getJobCounts("waiting", "prioritized", "active", "delayed");
      const { waiting = 0, prioritized = 0, active = 0, delayed = 0 } = counts;
      return { waiting: waiting + prioritized, active, delayed };
    });
  }

  /** The workers that are ready now. */
  workers(): Promise<WorkerInfo[]> {
    return this.#connection.attempt(() => readyWorkers(this.#connection.client, this.#keys));
  }

  ping(): Promise<void> {
    return this.#connection.attempt(async () => {
      await this.#connection.client.ping();
    });
  }

  async close(): Promise<void> {
    await this.#finished.close();
    await this.#queue.close();
    await this.#connection.close();
  }

  async #add(id: string, payload: FaceJobPayload, priority: FacePriority): Promise<Job> {
    return liveJob(await this.#queue.add(payload.task, payload, jobOptions(id, priority)), "queued");
  }

  async #earlierJob(tenant: string, id: string): Promise<Job> {
    const job = await this.find(tenant, id);
    if (job) return job;
    throw new ProblemError("job_not_found", `The job ${id} of this idempotency key has expired or was erased.`);
  }

  /** The outcome goes first: a crash before the removal leaves a job that the next worker drops. */
  async #cancelLive(id: string, queued: FaceQueueJob): Promise<CancelOutcome | undefined> {
    const canceled = endedJob(queued, { state: "canceled" });
    const isWritten = await this.#outcomes.write(canceled, queued.data);
    // It ended meanwhile.
    if (!isWritten) return this.cancel(tenantOf(queued.data), id);
    // A job that a worker holds stays: the worker finds the outcome and lets go.
    await this.#queue.remove(id);
    return { outcome: "canceled", uploads: uploadsOf(queued.data) };
  }

  async #eraseEnded(id: string, { view, queued }: Sighting): Promise<CancelOutcome> {
    if (queued && view !== erased) await this.#outcomes.write(view, queued.data);
    await this.#outcomes.erase(id);
    await this.#queue.remove(id);
    return { outcome: "erased", uploads: queued ? uploadsOf(queued.data) : [] };
  }
}
