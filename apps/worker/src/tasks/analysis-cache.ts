import type { JobResult, ModelInfo } from "@facefleet/contracts";
import { type KnownResults, type Logger, OccasionalLines, type TakenJob } from "@facefleet/platform";
import type { WorkerMetrics } from "../metrics.js";
import { orAborted } from "../or-aborted.js";
import { requestDigest, requestOf } from "./request-digest.js";
import type { ModelOptions } from "./seen-image.js";

export interface AnalysisCacheOptions {
  readonly results: KnownResults;
  /** How long a result answers further jobs. */
  readonly ttlSeconds: number;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** What makes such embeddings now. */
  modelOf(options: ModelOptions): ModelInfo;
}

export interface CachedJob {
  readonly job: TakenJob;
  readonly images: readonly Uint8Array[];
  readonly signal: AbortSignal;
  /** Makes the result. */
  run(): Promise<JobResult>;
}

export interface CachedAnswer {
  readonly result: JobResult;
  /** Whether it is the result of another job. */
  readonly isReused: boolean;
}

/**
 * Gives a job the result of another one of its tenant that has the same images, task and options, and the same
 * model. When Redis fails, the job is run.
 */
export class AnalysisCache {
  readonly #options: AnalysisCacheOptions;
  readonly #lines: OccasionalLines;
  readonly #running = new Map<string, Promise<CachedAnswer>>();

  constructor(options: AnalysisCacheOptions) {
    this.#options = options;
    this.#lines = new OccasionalLines(options.logger);
  }

  /** @throws what `run` throws, or the signal's reason */
  async answer(cached: CachedJob): Promise<CachedAnswer> {
    const { tenant } = cached.job.payload;
    const request = requestOf(cached.job.payload, cached.images);
    const name = `${tenant}/${request}`;
    const running = this.#running.get(name);
    // Another job's failure or cancel is its own.
    const shared =
      running &&
      (await orAborted(
        running.catch(() => undefined),
        cached.signal,
      ));
    if (shared) return this.#hit(shared.result);
    const answer = this.#findOrRun(request, cached);
    this.#running.set(name, answer);
    try {
      return await answer;
    } finally {
      if (this.#running.get(name) === answer) this.#running.delete(name);
    }
  }

  async #findOrRun(request: string, cached: CachedJob): Promise<CachedAnswer> {
    const known = await this.#find(request, cached);
    if (known) return this.#hit(known);
    this.#options.metrics.cacheLookup("miss");
    const result = await cached.run();
    await this.#remember(request, cached, result);
    return { result, isReused: false };
  }

  #hit(result: JobResult): CachedAnswer {
    this.#options.metrics.cacheLookup("hit");
    return { result, isReused: true };
  }

  async #find(request: string, { job }: CachedJob): Promise<JobResult | undefined> {
    const { results, modelOf } = this.#options;
    const { tenant, options } = job.payload;
    try {
      return await results.find({ tenant, digest: requestDigest(request, modelOf(options)) });
    } catch (error) {
      this.#lines.write("warn", { err: error, jobId: job.id }, "the analysis cache could not be read; the job is run");
      return undefined;
    }
  }

  /** The result of a batch's item is in its batch, where no other job finds it. */
  async #remember(request: string, { job }: CachedJob, result: JobResult): Promise<void> {
    if (job.payload.batch) return;
    const { results, ttlSeconds } = this.#options;
    const { tenant, resultTtlSeconds } = job.payload;
    try {
      // The model that was there, which a restart of the inference process may have changed.
      const digest = requestDigest(request, result.model);
      await results.remember({ tenant, digest }, job.id, Math.min(ttlSeconds, resultTtlSeconds));
    } catch (error) {
      this.#lines.write("warn", { err: error, jobId: job.id }, "the analysis cache could not be written");
    }
  }
}
