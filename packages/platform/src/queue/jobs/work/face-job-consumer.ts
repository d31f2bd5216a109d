import {
  asProblemError,
  type FaceJobPayload,
  type Job,
  type JobResult,
  ProblemError,
  queueCatalogue,
} from "@facefleet/contracts";
import { trace } from "@opentelemetry/api";
import { WaitingError } from "bullmq";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import { type Logger, OccasionalLines } from "../../../logging/index.js";
import type { ObjectStore } from "../../../object-store/index.js";
import { activeTrace, failSpan, inSpan, inTrace } from "../../../tracing/index.js";
import type { Room } from "../../ledger/redis-room.js";
import type { FleetRedis } from "../../redis/fleet-redis.js";
import { QueueWorker } from "../../redis/queue-worker.js";
import type { Part } from "../../redis/taking.js";
import { type Persist, untilRedisAnswers } from "../../redis/until-redis-answers.js";
import { ResultStore } from "../../results/result-store.js";
import { priorityOf } from "../admission/admission.js";
import { FinishedSignal } from "../ends/finished-signal.js";
import type { Ends } from "../ends/job-end.js";
import { erased, Outcomes } from "../ends/outcomes.js";
import { jobAttributes, messageAttributes, originOf, traceOf } from "../job/job-trace.js";
import { type Ending, endedJob, type FaceQueueJob, givenUpProblem } from "../job/job-view.js";
import { RecordedFailure } from "../job/recorded-failure.js";
import { ExtraSlots } from "./extra-slots.js";
import { GiveBack } from "./give-back.js";
import { JobGivenBack } from "./job-given-back.js";
import { queueTelemetry } from "./queue-telemetry.js";
import { StageReport } from "./stage-report.js";
import { type RunningJob, type TakenJob, takenJob } from "./taken-job.js";

export interface FaceJobConsumerOptions extends Ends {
  readonly logger: Logger;
  /** Where large results go. */
  readonly store: ObjectStore;
  /** How much room there is in Redis: where there is little, smaller ones go there, too. */
  readonly room?: Room;
  /** How many jobs are held at once; twice as many where some would wait for the others' (`ExtraSlots`). */
  readonly concurrency: number;
  /** Does the job. A ProblemError that is retryable, or any other error, is tried again while attempts are left. */
  readonly run: (job: RunningJob, signal: AbortSignal) => Promise<JobResult>;
  /**
   * What a failure to do a job, or to keep its result, means to it: JobGivenBack where it is not the job's. Unless told,
   * what it is.
   */
  readonly judge?: (failure: unknown) => Promise<unknown>;
  /** Called when a job has ended for good, with the outcome that counts. It may come twice for one job. */
  readonly onEnd?: (job: TakenJob, outcome: Job) => Promise<void>;
  /** Told how long it took to write a job's outcome, in milliseconds. */
  readonly onStored?: (milliseconds: number) => void;
  /** How long this worker may be silent before its jobs are given to another, in milliseconds. */
  readonly lockDurationMs?: number;
  /** Whether there is a span for each job. */
  readonly isTraced?: boolean;
}

const faces = queueCatalogue.faces;
const facePayload = Compile(faces.payload);

/**
 * Takes face jobs and sees each to its one outcome, which is written before BullMQ is told. While Redis is away, or
 * full, it waits; a job whose outcome was not written is done again by whoever gets it next.
 */
export class FaceJobConsumer {
  readonly #options: FaceJobConsumerOptions;
  readonly #logger: Logger;
  readonly #lines: OccasionalLines;
  readonly #outcomes: Outcomes;
  readonly #canceled: FinishedSignal;
  readonly #worker: QueueWorker<FaceJobPayload>;
  readonly #slots: ExtraSlots;
  readonly #giveBack: GiveBack;
  readonly #endings = new Set<Promise<void>>();
  #outOfTime = false;

  constructor(redis: FleetRedis, options: FaceJobConsumerOptions) {
    const { logger, concurrency, lockDurationMs } = options;
    const { keys } = redis;
    const { client } = redis.work;
    this.#options = options;
    this.#logger = logger;
    this.#lines = new OccasionalLines(logger, 1000);
    const results = new ResultStore(client, keys, options);
    this.#outcomes = new Outcomes(client, keys, results, options);
    this.#canceled = new FinishedSignal(redis, keys.canceledChannel, logger);
    this.#worker = new QueueWorker<FaceJobPayload>(redis, {
      logger,
      queue: faces,
      lockDurationMs,
      concurrency,
      take: (job, token, signal) => this.#take(job, token, signal),
      ...(options.isTraced && { telemetry: queueTelemetry }),
    });
    const { bull, taking } = this.#worker;
    bull.on("failed", (job, error) => this.#failed(job, error));
    this.#slots = new ExtraSlots({ redis: client, worker: bull, taking, logger, slots: concurrency });
    this.#giveBack = new GiveBack(client, (id) => bull.toKey(id));
  }

  /** Begins to take jobs, as soon as Redis can be reached. */
  async start(): Promise<void> {
    await this.#canceled.open();
    this.#worker.start();
  }

  /** Takes no more jobs until the part is back, and gives back one that it was just waiting for; those it holds go on. */
  partAway(part: Part): Promise<void> {
    return this.#worker.taking.away(part);
  }

  partBack(part: Part): Promise<void> {
    return this.#worker.taking.back(part);
  }

  /** Takes no more jobs and waits for those it holds. What is left at the deadline goes back to the queue. */
  async stop(deadlineMs: number): Promise<void> {
    this.#slots.stop();
    const letGo = () => {
      this.#outOfTime = true;
      this.#worker.bull.cancelAllJobs("The worker is stopping");
    };
    await this.#worker.stop({ deadlineMs, letGo, alsoEnded: () => Promise.all(this.#endings) });
  }

  async #take(job: FaceQueueJob, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const cancel = () => this.#worker.bull.cancelJob(job.id!, "The job is canceled");
    this.#canceled.on(job.id!, cancel);
    describeSpan(job);
    this.#slots.taken(job, { tenant: job.data.tenant, priority: priorityOf(job.priority) });
    try {
      if (await this.#hasEnded(job, signal)) return;
      // Canceled while that was being asked.
      signal!.throwIfAborted();
      if (this.#worker.taking.isHeldUp) await this.#giveBack.toOthers(job, token);
      const result = await this.#run(job, signal!);
      await this.#end(job, { state: "succeeded", result }, { signal });
    } catch (error) {
      if (error instanceof WaitingError) throw error;
      await this.#runFailed(job, token, error, signal);
    } finally {
      this.#slots.ended(job);
      this.#canceled.off(job.id!, cancel);
    }
  }

  async #run(job: FaceQueueJob, signal: AbortSignal): Promise<JobResult> {
    job.data = payloadOf(job);
    const stages = new StageReport(job, this.#logger);
    try {
      return await this.#options.run({ ...takenJob(job), reportStage: (stage) => stages.report(stage) }, signal);
    } finally {
      stages.end();
    }
  }

  async #runFailed(
    job: FaceQueueJob,
    token: string | undefined,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.#outOfTime) await this.#giveBack.toOthers(job, token);
    if (await this.#hasEnded(job, signal)) return;
    const judged = await this.#judged(error);
    if (judged instanceof JobGivenBack) await this.#returnJob(job, token, judged);
    const problem = asProblemError(judged instanceof JobGivenBack ? judged.problem : judged);
    const span = trace.getActiveSpan();
    if (span) failSpan(span, problem.code);
    const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const { requestId } = originOf(job);
    const fields = { err: error, jobId: job.id, tenant: job.data.tenant, requestId, attempt: job.attemptsStarted };
    this.#lines.write(problem.status >= 500 ? "warn" : "info", fields, "Job attempt failed", problem.code);
    if (problem.retryable && !isLast) {
      // It has had its turn: the next attempt does not wait for others to have theirs.
      const { first } = faces.priorities[priorityOf(job.priority)];
      await untilRedisAnswers(() => job.changePriority({ priority: first }), signal);
      throw problem;
    }
    await this.#end(job, { state: "failed", error: problem.toProblem() }, { signal });
    throw new RecordedFailure(problem.toProblem());
  }

  /** A Redis that is away is no more the job's fault than what the options know of. */
  async #judged(error: unknown): Promise<unknown> {
    if (error instanceof ProblemError && error.code === "queue_unavailable") return new JobGivenBack(error);
    return (await this.#options.judge?.(error)) ?? error;
  }

  /** Returns only when it was given back for as long as it may be. */
  async #returnJob(job: FaceQueueJob, token: string | undefined, { delayMs, limitMs }: JobGivenBack): Promise<void> {
    if (this.#worker.taking.isHeldUp && limitMs === undefined) await this.#giveBack.toOthers(job, token);
    await this.#giveBack.forLater(job, token, { delayMs, limitMs });
  }

  /** Whether the job has an outcome already: canceled, or done by a worker that could not say so to BullMQ. */
  async #hasEnded(job: FaceQueueJob, signal?: AbortSignal): Promise<boolean> {
    const record = await untilRedisAnswers(() => this.#outcomes.read(job.id!, { withResult: false }), signal);
    if (!record) return false;
    const { outcome } = record;
    await this.#tellEnd(job, outcome === erased ? endedJob(job, { state: "canceled" }) : outcome);
    return true;
  }

  async #end(
    job: FaceQueueJob,
    ending: Ending,
    { signal, finishedAt, ifIn }: { signal?: AbortSignal | undefined; finishedAt?: number; ifIn?: string },
  ): Promise<void> {
    const outcome = endedJob(job, ending, finishedAt);
    const origin = { ...originOf(job), trace: activeTrace() ?? traceOf(job) };
    const started = performance.now();
    const persist: Persist = (command) => untilRedisAnswers(command, signal);
    const write = () => this.#outcomes.write(outcome, job.data, origin, { persist, ifIn });
    const isWritten = await inSpan("store", { signal }, write);
    this.#options.onStored?.(performance.now() - started);
    if (!isWritten && (await this.#hasEnded(job, signal))) return;
    // Without an end, it has been queued again.
    if (isWritten || ifIn === undefined) await this.#tellEnd(job, outcome);
  }

  async #tellEnd(job: FaceQueueJob, outcome: Job): Promise<void> {
    try {
      await this.#options.onEnd?.(takenJob(job), outcome);
    } catch (error) {
      this.#logger.error({ err: error, jobId: job.id }, "Work after the job's end failed");
    }
  }

  /** BullMQ fails some jobs itself: those whose workers died too often, or whose outcome could not be written. */
  #failed(job: FaceQueueJob | undefined, error: Error): void {
    if (job?.finishedOn === undefined || error instanceof RecordedFailure) return;
    const options = { finishedAt: job.finishedOn!, ifIn: this.#worker.bull.toKey("failed") };
    const end = () => this.#end(job, { state: "failed", error: givenUpProblem(job) }, options);
    const ending = inTrace(traceOf(job), end)
      .catch((cause: unknown) => this.#logger.error({ err: cause, jobId: job.id }, "Outcome not written"))
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }
}

/** A job queued by the version before this one lacks the options that are new. */
function payloadOf({ data }: FaceQueueJob): FaceJobPayload {
  if (facePayload.Check(data)) return data;
  const completed = Value.Default(faces.payload, data);
  if (facePayload.Check(completed)) return completed as FaceJobPayload;
  throw new ProblemError("invalid_request", "Expected a payload of this version of the service for the job.");
}

function describeSpan({ id = "", data, attemptsStarted }: FaceQueueJob): void {
  trace.getActiveSpan()?.setAttributes({
    ...messageAttributes("process", faces.name, id),
    ...jobAttributes(id, data),
    "facefleet.job.attempt": attemptsStarted,
  });
}
