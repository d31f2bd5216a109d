import { facesIn, type Job, type JobResult, type ModelInfo, ProblemError, type WorkerLoad } from "@facefleet/contracts";
import type { AnalysisOptions, CallOptions, FaceAnalysis } from "@facefleet/core";
import { JobGivenBack, type Logger, type RunningJob, type TakenJob, uploadsOf } from "@facefleet/platform";
import type { ImageSources } from "../images/fetch-image.js";
import { JobRate } from "../job-rate.js";
import type { WorkerMetrics } from "../metrics.js";
import type { StoreWatch } from "../store-watch.js";
import type { AnalysisCache } from "../tasks/analysis-cache.js";
import type { ModelOptions, Stage } from "../tasks/seen-image.js";
import { runFaceJob } from "./face-job.js";
import type { UploadCleanup } from "./upload-cleanup.js";

export interface FaceJobRunnerOptions extends ImageSources {
  readonly storeWatch: Pick<StoreWatch, "judge">;
  readonly maxImageBytes: number;
  /** How long a job may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly cache?: AnalysisCache | undefined;
  readonly cleanup: UploadCleanup;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions): Promise<FaceAnalysis>;
  /** What makes such embeddings now. */
  modelOf(options: ModelOptions): ModelInfo;
}

/** The load of a worker that takes no jobs yet. */
export const idle: WorkerLoad = { jobsInFlight: 0, jobsPerMinute: 0 };

/** Does the jobs that the queue gives, and accounts for each: metrics, one line of log, its uploads deleted. */
export class FaceJobRunner {
  readonly #options: FaceJobRunnerOptions;
  readonly #rate = new JobRate();
  #inFlight = 0;

  constructor(options: FaceJobRunnerOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get load(): WorkerLoad {
    return { jobsInFlight: this.#inFlight, jobsPerMinute: this.#rate.perMinute };
  }

  async run(job: RunningJob, signal: AbortSignal): Promise<JobResult> {
    const { metrics, timeoutMs, ...parts } = this.#options;
    const onStage = (stage: Stage, milliseconds: number) => metrics.stage(stage, milliseconds);
    metrics.inFlight(++this.#inFlight);
    const limit = timeLimit(timeoutMs);
    const either = AbortSignal.any([signal, limit.signal]);
    try {
      return await runFaceJob(job, { ...parts, onStage }, either);
    } catch (error) {
      // However what was aborted says so.
      limit.signal.throwIfAborted();
      this.#logDecoder(job, error);
      throw error;
    } finally {
      limit.end();
      metrics.inFlight(--this.#inFlight);
    }
  }

  /** The caller is not told what the decoder said: it may be of another image's. */
  #logDecoder({ id, requestId, payload: { tenant } }: RunningJob, error: unknown): void {
    if (!(error instanceof ProblemError) || error.code !== "image_undecodable") return;
    const reason = decoderWords(error);
    if (reason) this.#options.logger.info({ jobId: id, tenant, requestId, reason }, "an image could not be decoded");
  }

  /** What a failure means to its job: where it is not the job's, that it is given back. */
  async judge(error: unknown): Promise<unknown> {
    const { storeWatch, metrics } = this.#options;
    const isStore = error instanceof ProblemError && error.code === "store_unavailable";
    const judged = isStore ? await storeWatch.judge(error) : error;
    if (judged instanceof JobGivenBack) metrics.jobGivenBack(judged.problem.code);
    return judged;
  }

  /** To be called once a job has ended for good. */
  async ended(job: TakenJob, outcome: Job): Promise<void> {
    const { logger, cleanup } = this.#options;
    this.#rate.add();
    logger[outcome.error && outcome.error.status >= 500 ? "warn" : "info"](endLine(job, outcome), "job ended");
    await cleanup.released(uploadsOf(job.payload));
  }
}

/** Of the first error behind all, each line once: libvips repeats itself. */
function decoderWords({ cause }: Error): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return decoderWords(cause) ?? [...new Set(cause.message.split("\n").filter((line) => line !== ""))].join("; ");
}

/** Fires with the problem of a job that took too long. */
function timeLimit(milliseconds: number): { readonly signal: AbortSignal; end(): void } {
  const abort = new AbortController();
  const detail = `Expected the job to be done within ${milliseconds / 1000} s.`;
  const timer = setTimeout(() => abort.abort(new ProblemError("job_timeout", detail)), milliseconds);
  return { signal: abort.signal, end: () => clearTimeout(timer) };
}

/** What the log says of a job: how it went, nothing of what was in its images. */
function endLine(job: TakenJob, { task, state, attempts, startedAt, finishedAt, error, result }: Job) {
  const timings = result && "timings" in result ? result.timings : { queueMs: Math.round(job.queueMs) };
  const { tenant, batch } = job.payload;
  return {
    jobId: job.id,
    tenant,
    requestId: job.requestId,
    ...(batch && { batchId: batch.id }),
    task,
    state,
    attempts,
    ...(error && { code: error.code }),
    ...(result && { faces: facesIn(result) }),
    ...(startedAt && finishedAt && { runMs: Date.parse(finishedAt) - Date.parse(startedAt) }),
    ...timings,
  };
}
