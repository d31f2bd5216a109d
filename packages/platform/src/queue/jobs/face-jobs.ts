import {
  type FaceJobPayload,
  type FacePriority,
  type FleetWorker,
  type Job,
  type JobResult,
  queueCatalogue,
  type TraceContext,
  type WebhookAttempts,
} from "@facefleet/contracts";
import { SpanKind } from "@opentelemetry/api";
import type { Logger } from "../../logging/index.js";
import type { ObjectStore } from "../../object-store/index.js";
import { activeTrace, inSpan } from "../../tracing/index.js";
import type { Quotas } from "../ledger/quotas.js";
import { anyRoom, quotasWithin, type Room } from "../ledger/redis-room.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import { idempotencyDigest, type QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { UsableRedis } from "../redis/usable-redis.js";
import type { KeptText } from "../results/kept-text.js";
import { ResultStore } from "../results/result-store.js";
import { EventRecords } from "../webhooks/event-records.js";
import { type Idempotency, IdempotencyRecords, unconfirmed } from "./admission/idempotency.js";
import { Submissions } from "./admission/submissions.js";
import { FinishedSignal } from "./ends/finished-signal.js";
import type { Ends } from "./ends/job-end.js";
import { erased, Outcomes } from "./ends/outcomes.js";
import { type FaceQueue, isJobId, isPaused, newJobId, openFaceQueue } from "./job/face-queue.js";
import { jobAttributes, messageAttributes } from "./job/job-trace.js";
import { queuedJob } from "./job/job-view.js";
import { JobList, type JobPage, type JobQuery } from "./lookup/job-list.js";
import { type CancelOutcome, JobRemoval } from "./lookup/job-removal.js";
import { JobRetry } from "./lookup/job-retry.js";
import { JobSightings } from "./lookup/job-sightings.js";
import { watchJob } from "./lookup/job-watch.js";
import { JobWebhooks } from "./lookup/job-webhooks.js";
import { readyWorkers } from "./work/worker-registry.js";

export interface SubmitOptions extends Quotas {
  readonly priority: FacePriority;
  readonly id?: string;
  readonly idempotency?: Idempotency;
  /** The caller's, which is handed on where this process makes no spans. */
  readonly trace?: TraceContext | undefined;
  /** For the log of whoever does it, and announces its end. */
  readonly requestId?: string;
}

/** A job, and where its result is, if it has one. */
export interface FoundJob {
  /** Without its result. */
  readonly job: Job;
  readonly result?: KeptText;
}

export interface FaceJobsOptions extends Ends {
  readonly logger: Logger;
  readonly store: ObjectStore;
  /** How much room there is in Redis, for whoever takes jobs in. */
  readonly room?: Room;
}

export interface Submission extends FoundJob {
  /** False when an earlier request with the same idempotency key submitted the job. */
  readonly created: boolean;
}

const faces = queueCatalogue.faces.name;
/** How often a wait looks by itself, for an end whose message was lost. */
const recheckMs = 2000;
/** How often events look for changes other than the end, which is told at once. */
const progressCheckMs = 500;
/** Looks of all that wait and watch here in so many milliseconds; of more, each comes later. */
const watchersPerRound = 100;

/**
 * Submits, finds, lists, cancels and retries face jobs; each belongs to a tenant, and another tenant's job is
 * like one that never was. BullMQ knows where a job is while it lives; its outcome, kept apart and written once,
 * tells how it ended. Every method throws ProblemError `queue_unavailable` within about a second when Redis
 * cannot be reached, and works again as soon as it can.
 */
export class FaceJobs {
  /** The Redis that all of it is in. */
  readonly redis: UsableRedis;
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #queue: FaceQueue;
  readonly #submissions: Submissions;
  readonly #sightings: JobSightings;
  readonly #idempotency: IdempotencyRecords;
  readonly #list: JobList;
  readonly #removal: JobRemoval;
  readonly #retry: JobRetry;
  readonly #webhooks: JobWebhooks;
  readonly #results: ResultStore;
  readonly #room: Room;
  readonly #finished: FinishedSignal;
  /** Waits and streams of events. */
  #watchers = 0;

  constructor(redis: FleetRedis, options: FaceJobsOptions) {
    this.#connection = redis.commands;
    const { client } = this.#connection;
    const { keys } = redis;
    const queue = openFaceQueue(redis);
    const results = new ResultStore(client, keys, options);
    const outcomes = new Outcomes(client, keys, results, options);
    const events = new EventRecords(client, keys);
    const sightings = new JobSightings(queue, outcomes, events);
    this.redis = new UsableRedis(redis);
    this.#keys = keys;
    this.#queue = queue;
    this.#submissions = new Submissions(client, keys, queue);
    this.#sightings = sightings;
    this.#idempotency = new IdempotencyRecords(client, keys);
    this.#list = new JobList(client, keys, sightings);
    this.#removal = new JobRemoval(queue, outcomes, sightings, results);
    this.#retry = new JobRetry(client, keys, queue, sightings);
    this.#webhooks = new JobWebhooks(sightings, events);
    this.#results = results;
    this.#room = options.room ?? anyRoom;
    this.#finished = new FinishedSignal(redis, keys.finishedChannel, options.logger);
  }

  /**
   * Queues a job. With an idempotency key that has been used, the earlier job is returned instead: once it is
   * forgotten, as it was when it ended, without its result.
   * @throws ProblemError `too_many_jobs`, `too_much_kept`; `idempotency_conflict` when the key was used with another body;
   *   `submission_unconfirmed` when there was none and it is not known whether the job is queued: its id is the key then
   */
  submit(payload: FaceJobPayload, asked: SubmitOptions): Promise<Submission> {
    const { idempotency, id = newJobId() } = asked;
    const quotas = () => quotasWithin(this.#room, asked);
    if (idempotency) {
      return this.#connection.attempt(async () => this.#submitOnce(id, payload, { asked, idempotency }, quotas()));
    }
    return this.#connection
      .attempt(async () => this.#add(id, payload, asked, quotas()))
      .catch((error: unknown) => {
        throw unconfirmed(error, id);
      });
  }

  /** The job as it is now; undefined when there is none, or none any more. */
  look(tenant: string, id: string): Promise<FoundJob | undefined> {
    return this.#connection.attempt(() => this.#look(tenant, id));
  }

  /** The same with its result. */
  async find(tenant: string, id: string): Promise<Job | undefined> {
    return this.#whole(await this.look(tenant, id));
  }

  /** The bytes of a result, as JSON, piece by piece. */
  resultBytes(result: KeptText): AsyncIterable<Buffer> {
    return this.#results.bytes(result);
  }

  /** A page of the tenant's jobs, without those that are items of a batch. */
  list(tenant: string, query: JobQuery): Promise<JobPage> {
    return this.#connection.attempt(() => this.#list.page(tenant, query));
  }

  /** The job once it has ended; as it is then, when the time is over or the signal fires first. */
  async waitUntilEnded(
    tenant: string,
    id: string,
    milliseconds: number,
    signal?: AbortSignal,
  ): Promise<Job | undefined> {
    return this.#whole(await this.lookWhenEnded(tenant, id, milliseconds, signal));
  }

  /** The same without its result. */
  async lookWhenEnded(
    tenant: string,
    id: string,
    milliseconds: number,
    signal?: AbortSignal,
  ): Promise<FoundJob | undefined> {
    const over = new AbortController();
    const end = () => over.abort();
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
    if (signal?.aborted || milliseconds <= 0) end();
    let last: FoundJob | undefined;
    try {
      const look = () => this.look(tenant, id);
      for await (const found of this.#watch(id, recheckMs, look, over.signal)) last = found;
      return last;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  }

  /**
   * The job, without its result, as it is and each time that it is seen to have changed, until it has ended or
   * is gone, or the signal fires.
   */
  async *events(tenant: string, id: string, signal: AbortSignal): AsyncGenerator<Job, void> {
    const look = () => this.#connection.attempt(() => this.#look(tenant, id, { withResult: false }));
    let last: string | undefined;
    for await (const found of this.#watch(id, progressCheckMs, look, signal)) {
      const now = JSON.stringify(found);
      if (found && now !== last) yield found.job;
      last = now;
    }
  }

  /** Cancels a job that has not ended, wherever it is, or erases the result of one that has. Idempotent. */
  cancel(tenant: string, id: string): Promise<CancelOutcome | undefined> {
    return this.#connection.attempt(() => this.#removal.remove(tenant, id));
  }

  /** Erases what is left of a job that has ended, also of one that was canceled. Idempotent. */
  async forget(tenant: string, id: string): Promise<void> {
    await this.#connection.attempt(() => this.#removal.forget(tenant, id));
  }

  /**
   * Gives a failed job another set of attempts; undefined when there is no such job.
   * @throws ProblemError `job_not_failed`, `job_not_repeatable`, `too_many_jobs` or `too_much_kept`
   */
  retry(tenant: string, id: string, quotas: Quotas = {}): Promise<Job | undefined> {
    return this.#connection.attempt(async () => this.#retry.retry(tenant, id, quotasWithin(this.#room, quotas)));
  }

  /**
   * How the announcement of a job's end went; undefined when there is no such job.
   * @throws ProblemError `webhook_absent` when nobody asked for it.
   */
  webhookAttempts(tenant: string, id: string): Promise<WebhookAttempts | undefined> {
    return this.#connection.attempt(() => this.#webhooks.attempts(tenant, id));
  }

  /**
   * Announces a job's end again, with all attempts anew; undefined when there is no such job.
   * @throws ProblemError `webhook_absent` when nobody asked for it, or the job has not ended.
   */
  resendWebhook(tenant: string, id: string): Promise<WebhookAttempts | undefined> {
    return this.#connection.attempt(() => this.#webhooks.resend(tenant, id));
  }

  /** Whether somebody has paused the queue, so that no worker takes a job. */
  isPaused(): Promise<boolean> {
    return this.#connection.attempt(() => isPaused(this.#connection.client, this.#queue));
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
  workers(): Promise<FleetWorker[]> {
    return this.#connection.attempt(() => readyWorkers(this.#connection.client, this.#keys));
  }

  /** Many that watch at the same time look less often, each: their looks together would be a load of its own. */
  async *#watch(
    id: string,
    usualMs: number,
    look: () => Promise<FoundJob | undefined>,
    signal: AbortSignal,
  ): AsyncGenerator<FoundJob | undefined, void> {
    const everyMs = () => usualMs * Math.max(1, this.#watchers / watchersPerRound);
    this.#watchers += 1;
    try {
      yield* watchJob(this.#finished, id, { look, everyMs, signal });
    } finally {
      this.#watchers -= 1;
    }
  }

  async #look(tenant: string, id: string, options?: { withResult: boolean }): Promise<FoundJob | undefined> {
    const sighting = await this.#sightings.of(tenant, id, options);
    if (!sighting || sighting.view === erased) return undefined;
    const { view: job, result } = sighting;
    return { job, ...(result !== undefined && { result }) };
  }

  async #whole(found: FoundJob | undefined): Promise<Job | undefined> {
    if (found?.result === undefined) return found?.job;
    return { ...found.job, result: JSON.parse(await this.#results.text(found.result)) as JobResult };
  }

  async #add(id: string, payload: FaceJobPayload, asked: SubmitOptions, quotas: Quotas): Promise<Submission> {
    const { priority, requestId } = asked;
    const createdAt = Date.now();
    await inSpan(`send ${faces}`, { kind: SpanKind.PRODUCER }, (span) => {
      if (span.isRecording()) {
        span.setAttributes({ ...messageAttributes("send", faces, id), ...jobAttributes(id, payload) });
      }
      const trace = activeTrace() ?? asked.trace;
      return this.#submissions.add({ id, payload, priority, createdAt, ...quotas, trace, requestId });
    });
    return { job: queuedJob({ id, data: payload, timestamp: createdAt, attemptsStarted: 0 }), created: true };
  }

  async #submitOnce(
    newId: string,
    payload: FaceJobPayload,
    { asked, idempotency }: { readonly asked: SubmitOptions; readonly idempotency: Idempotency },
    quotas: Quotas,
  ): Promise<Submission> {
    const { tenant } = payload;
    const { key, bodyHash } = idempotency;
    const digest = idempotencyDigest(tenant, key);
    const { value, created } = await this.#idempotency.once<FoundJob>({
      tenant,
      maxKeptBytes: quotas.maxKeptBytes,
      digest,
      bodyHash,
      lost: "job_not_found",
      newId: isJobId(key) ? key : newId,
      mayExist: isJobId(key),
      find: (id) => this.#look(tenant, id),
      recall: (shape) => ({ job: shape as Job }),
      make: (id) => this.#add(id, { ...payload, idempotency: digest }, asked, quotas),
    });
    return { ...value, created };
  }
}
