import { readJson, readNothing, readStream } from "./answer-readers.js";
import { clientSettings, type FacefleetClientOptions } from "./client-options.js";
import { FacefleetError } from "./facefleet-error.js";
import { createIdempotencyKey } from "./idempotency-key.js";
import { asBlob, type ImageBytes, isBytes } from "./image-bytes.js";
import { jobEvents } from "./job-events.js";
import {
  type AnalysisJob,
  type AnalysisSubmission,
  encodeForm,
  encodeJson,
  encodeSubmission,
  type JobSubmission,
  type MatchJob,
  type MatchSubmission,
  type VerifyJob,
  type VerifySubmission,
} from "./job-submission.js";
import { ndjsonValues } from "./ndjson.js";
import { resultOf } from "./result-of.js";
import { streamChunks } from "./stream-chunks.js";
import { Transport } from "./transport.js";
import { hasEnded, type WaitOptions, waitUntilEnded, withinWait } from "./wait-until-ended.js";
import type {
  AnalysisResult,
  Batch,
  BatchLine,
  BatchList,
  BatchRequest,
  FleetAnswer,
  ImageRef,
  Job,
  JobList,
  JobOptions,
  MatchResult,
  ModelsAnswer,
  RequestImage,
  Upload,
  UploadRequest,
  VerifyResult,
  WebhookAttempts,
  WebhookSecret,
} from "./wire.js";

export interface CallOptions {
  /** Ends the call; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** The same key with the same request within 24 hours gives the same job or batch. Made up unless given. */
  readonly idempotencyKey?: string | undefined;
}

export interface ListOptions extends CallOptions {
  readonly state?: JobState | undefined;
  /** Jobs of one request, at most 100. */
  readonly pageSize?: number | undefined;
}

export interface JobWaitOptions extends WaitOptions {
  /** Told the job, without its result, whenever its state or stage has changed. */
  readonly onProgress?: ((job: Job) => void) | undefined;
}

export type SubmitAndWaitOptions = SubmitOptions & JobWaitOptions;

export type JobState = Job["state"];

export interface AnalyseOptions extends WaitOptions {
  readonly task?: AnalysisSubmission["task"] | undefined;
  readonly options?: Partial<JobOptions> | undefined;
}

export type BatchState = Batch["state"];

export interface BatchListOptions extends CallOptions {
  readonly state?: BatchState | undefined;
  /** Batches of one request, at most 100. */
  readonly pageSize?: number | undefined;
}

export interface BatchWaitOptions extends WaitOptions {
  /** Told how far the batch has come, each time it is looked at. */
  readonly onProgress?: ((batch: Batch) => void) | undefined;
}

/** What has an id, or the id itself. */
type JobOrId = string | Pick<Job, "id">;
type BatchOrId = string | Pick<Batch, "id">;

/** The longest that one request waits for a job to end. The service allows 30. */
const longPollSeconds = 20;

/**
 * A caller of a Facefleet service. Requests are sent again after a lost connection, 429, 503 and passing
 * failures, but only where that can do nothing twice; Retry-After is kept to. Every method rejects with a
 * FacefleetError, or with the reason of its `signal`.
 */
export class FacefleetClient {
  readonly #transport: Transport;

  /** @throws TypeError for a `url` that is none */
  constructor(options: FacefleetClientOptions) {
    this.#transport = new Transport(clientSettings(options));
  }

  /** Submits a job; its image is named, or sent along. However often it must be sent, it is one job. */
  submit(submission: AnalysisSubmission, options?: SubmitOptions): Promise<AnalysisJob>;
  submit(submission: VerifySubmission, options?: SubmitOptions): Promise<VerifyJob>;
  submit(submission: MatchSubmission, options?: SubmitOptions): Promise<MatchJob>;
  async submit(submission: JobSubmission, options: SubmitOptions = {}): Promise<Job> {
    return this.#create<Job>("/v1/jobs", await encodeSubmission(submission), options);
  }

  /**
   * The faces of one image, in one request where that is quick enough, else by waiting for the job that goes on. With the
   * task `embed` they carry their embeddings.
   */
  async analyse(
    image: RequestImage | ImageBytes,
    { task, options, ...waiting }: AnalyseOptions = {},
  ): Promise<AnalysisResult> {
    const job = { ...(task && { task }), ...(options && { options }) };
    const { headers, body } = isBytes(image) ? encodeForm(job, { image }) : encodeJson({ image, ...job });
    const request = { method: "POST", path: "/v1/analyse", headers, body, repeatable: true } as const;
    try {
      return await this.#transport.send<AnalysisResult>({ ...request, signal: waiting.signal, read: readJson });
    } catch (error) {
      const id = jobThatGoesOn(error);
      if (id === undefined) throw error;
      return resultOf(await this.wait({ id } as AnalysisJob, waiting));
    }
  }

  /**
   * Compares two images, each named or here: the first's face with all of the second's, and the nearest counts.
   * Submits, waits, and returns the result.
   * @throws FacefleetError with the job's own problem, such as `no_face_detected`
   */
  async verify(
    first: RequestImage | ImageBytes,
    second: RequestImage | ImageBytes,
    request: Omit<VerifySubmission, "task" | "images"> = {},
    options: SubmitAndWaitOptions = {},
  ): Promise<VerifyResult> {
    const job = await this.submit({ task: "verify", images: [first, second], ...request }, options);
    return resultOf(await this.wait(job, options));
  }

  /**
   * Orders a gallery of images and embeddings by its distance from one. Submits, waits, and returns the result.
   * @throws FacefleetError with the job's own problem, such as `no_face_detected` for the probe
   */
  async match(
    probe: MatchSubmission["probe"],
    gallery: MatchSubmission["gallery"],
    request: Omit<MatchSubmission, "task" | "probe" | "gallery"> = {},
    options: SubmitAndWaitOptions = {},
  ): Promise<MatchResult> {
    const job = await this.submit({ task: "match", probe, gallery, ...request }, options);
    return resultOf(await this.wait(job, options));
  }

  /** Waits until a job has ended, in whatever way: `resultOf` tells a success from the rest. */
  wait<J extends Omit<Job, "result">>(job: J, options?: JobWaitOptions): Promise<J>;
  wait(id: string, options?: JobWaitOptions): Promise<Job>;
  async wait(job: string | Pick<Job, "id" | "finishedAt">, options: JobWaitOptions = {}): Promise<Pick<Job, "id">> {
    if (typeof job !== "string" && hasEnded(job)) return job;
    const { onProgress } = options;
    const what = `the job ${idOf(job)}`;
    if (onProgress) {
      return withinWait(what, options, async (signal) => {
        for await (const seen of this.events(job, { signal })) onProgress(seen);
        return this.job(job, { signal });
      });
    }
    const path = `${jobPath(job)}?wait=${longPollSeconds}`;
    return waitUntilEnded(what, options, (signal) => this.#get<Job>(path, { signal }));
  }

  /**
   * The job as it is, then each time that its state or stage has changed, until it has ended; without its result. A
   * connection that is lost is made again.
   */
  events(job: JobOrId, { signal }: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    const path = `${jobPath(job)}/events`;
    const open = (seen: string | undefined) => {
      const headers = { accept: "text/event-stream", ...(seen !== undefined && { "last-event-id": seen }) };
      return this.#transport.send({ method: "GET", path, headers, repeatable: true, signal, read: readStream });
    };
    return jobEvents(open, signal);
  }

  job(job: JobOrId, options: CallOptions = {}): Promise<Job> {
    return this.#get(jobPath(job), options);
  }

  /** Every job of the caller, newest first, without results. Pages are fetched as they are needed. */
  async *jobs(options: ListOptions = {}): AsyncGenerator<Job, void, undefined> {
    for await (const page of this.#pages<JobList>("/v1/jobs", options)) yield* page.jobs;
  }

  /** Cancels a job that has not ended; erases the result of one that has. */
  cancel(job: JobOrId, options: CallOptions = {}): Promise<void> {
    return this.#delete(jobPath(job), options);
  }

  /** Has a failed job tried again. Sent once only: whether a lost request has arrived, `job` tells. */
  retry(job: JobOrId, options: CallOptions = {}): Promise<Job> {
    return this.#postOnce(`${jobPath(job)}/retry`, options);
  }

  /** Hands an image over for jobs that name it, such as those that compare two. Deleted when its job ends. */
  async upload(image: ImageBytes, contentType: UploadRequest["contentType"], options: CallOptions = {}) {
    const { signal } = options;
    const blob = asBlob(image, contentType);
    const request: UploadRequest = { contentType, size: blob.size };
    // A place that is asked for twice is one that stays empty.
    const ask = { method: "POST", path: "/v1/uploads", ...encodeJson(request), repeatable: true, signal } as const;
    const { id, url, method, headers } = await this.#transport.send<Upload>({ ...ask, read: readJson });
    const put = { url, method, headers, body: blob, repeatable: true, signal } as const;
    await this.#transport.sendSigned<void>({ ...put, read: readNothing });
    return { upload: id } satisfies ImageRef;
  }

  /** Submits a batch: up to 1000 listed items, or a manifest or a prefix with as many as the service allows. */
  submitBatch(request: BatchRequest, options: SubmitOptions = {}): Promise<Batch> {
    return this.#create<Batch>("/v1/batches", encodeJson(request), options);
  }

  batch(batch: BatchOrId, options: CallOptions = {}): Promise<Batch> {
    return this.#get(batchPath(batch), options);
  }

  /** Every batch of the caller, newest first. Pages are fetched as they are needed. */
  async *batches(options: BatchListOptions = {}): AsyncGenerator<Batch, void, undefined> {
    for await (const page of this.#pages<BatchList>("/v1/batches", options)) yield* page.batches;
  }

  /** Waits until every item of a batch has ended, or the batch was canceled or could not be read. */
  waitForBatch(batch: BatchOrId, { onProgress, ...options }: BatchWaitOptions = {}): Promise<Batch> {
    return waitUntilEnded(`the batch ${idOf(batch)}`, options, async (signal) => {
      const latest = await this.batch(batch, { signal });
      onProgress?.(latest);
      return latest;
    });
  }

  /**
   * The results of a batch, line by line as they arrive, failures included. A connection that is lost on the
   * way rejects with `unreachable`: ask again, and skip each `index` that is known.
   */
  async *batchResults(batch: BatchOrId, options: CallOptions = {}): AsyncGenerator<BatchLine, void, undefined> {
    const stream = await this.batchResultBytes(batch, options);
    yield* ndjsonValues<BatchLine>(streamChunks(stream, options.signal));
  }

  /** The same as the bytes of NDJSON that they are, to be kept or passed on. */
  batchResultBytes(batch: BatchOrId, { signal }: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const path = `${batchPath(batch)}/results`;
    const headers = { accept: "application/x-ndjson" };
    return this.#transport.send({ method: "GET", path, headers, repeatable: true, signal, read: readStream });
  }

  /**
   * Has the failed items of a batch that has finished tried again. Sent once only: whether a lost request has arrived,
   * `retries` of the batch tells.
   */
  retryBatch(batch: BatchOrId, options: CallOptions = {}): Promise<Batch> {
    return this.#postOnce(`${batchPath(batch)}/retry`, options);
  }

  /** Cancels what is left of a batch. */
  cancelBatch(batch: BatchOrId, options: CallOptions = {}): Promise<void> {
    return this.#delete(batchPath(batch), options);
  }

  /** How the announcement of the end of a job or a batch went. */
  webhookAttempts(subject: JobOrId | BatchOrId, options: CallOptions = {}): Promise<WebhookAttempts> {
    return this.#get(`${subjectPath(subject)}/webhook-attempts`, options);
  }

  /** Has the end of a job or a batch announced again. */
  resendWebhook(subject: JobOrId | BatchOrId, options: CallOptions = {}): Promise<WebhookAttempts> {
    return this.#postOnce(`${subjectPath(subject)}/webhook-attempts`, options);
  }

  /** What the caller's events are signed with: for `verifyWebhook`. */
  webhookSecret(options: CallOptions = {}): Promise<WebhookSecret> {
    return this.#get("/v1/webhook-secret", options);
  }

  /** A new secret; for 24 hours the one before it signs as well. Sent once only. */
  rotateWebhookSecret(options: CallOptions = {}): Promise<WebhookSecret> {
    return this.#postOnce("/v1/webhook-secret/rotate", options);
  }

  /** The workers that are ready, with their models, engines and devices. */
  models(options: CallOptions = {}): Promise<ModelsAnswer> {
    return this.#get("/v1/models", options);
  }

  /** What the ready workers are doing, and what waits for them. */
  fleet(options: CallOptions = {}): Promise<FleetAnswer> {
    return this.#get("/v1/fleet", options);
  }

  async *#pages<Page extends JobList | BatchList>(
    path: string,
    { state, pageSize = 100, signal }: ListOptions | BatchListOptions,
  ): AsyncGenerator<Page, void, undefined> {
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (state !== undefined) query.set("state", state);
      if (cursor !== undefined) query.set("cursor", cursor);
      const page: Page = await this.#get<Page>(`${path}?${query}`, { signal });
      yield page;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  #get<T>(path: string, { signal }: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method: "GET", path, repeatable: true, signal, read: readJson });
  }

  #delete(path: string, { signal }: CallOptions): Promise<void> {
    return this.#transport.send<void>({ method: "DELETE", path, repeatable: true, signal, read: readNothing });
  }

  #postOnce<T>(path: string, { signal }: CallOptions): Promise<T> {
    return this.#transport.send<T>({ method: "POST", path, repeatable: false, signal, read: readJson });
  }

  #create<T>(path: string, encoded: ReturnType<typeof encodeJson>, options: SubmitOptions): Promise<T> {
    const { idempotencyKey = createIdempotencyKey(), signal } = options;
    const headers = { ...encoded.headers, "idempotency-key": idempotencyKey };
    const { body } = encoded;
    return this.#transport.send<T>({ method: "POST", path, headers, body, repeatable: true, signal, read: readJson });
  }
}

/** The id of the job of a request that was answered before its end. */
function jobThatGoesOn(error: unknown): string | undefined {
  if (!(error instanceof FacefleetError) || error.code !== "sync_timeout") return undefined;
  return error.problem?.job?.split("/").at(-1);
}

function jobPath(job: JobOrId): string {
  return `/v1/jobs/${encodeURIComponent(idOf(job))}`;
}

/** The ids of batches begin with another letter. */
function subjectPath(subject: JobOrId | BatchOrId): string {
  return idOf(subject).startsWith("b") ? batchPath(subject) : jobPath(subject);
}

function batchPath(batch: BatchOrId): string {
  return `/v1/batches/${encodeURIComponent(idOf(batch))}`;
}

function idOf(named: string | { readonly id: string }): string {
  return typeof named === "string" ? named : named.id;
}
