import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AnalysisSubmission, FacefleetClient, ImageRef } from "@facefleet/client";
import type { ImageTask, Job, JobOptions, Problem } from "@facefleet/contracts";
import { buckets } from "./fault-fleet.js";
import type { FaultImage } from "./fault-images.js";
import type { Submission } from "./submission.js";

/** A way to submit something. */
interface Way {
  readonly kind: Submission["kind"];
  /** Those of one submission, from one at random after the other. */
  images(draw: () => FaultImage): FaultImage[];
  send(submission: Submission, task: ImageTask, images: readonly FaultImage[]): Promise<void>;
}

interface CallerWaysOptions {
  readonly client: FacefleetClient;
  /** All that there are. */
  readonly images: readonly FaultImage[];
  readonly webhook: { readonly url: string };
  readonly signal: AbortSignal;
  /** Sends to either API, once. */
  post(path: string, init: { readonly body: string; readonly headers: Record<string, string> }): Promise<Response>;
}

/** Below it in the bucket are objects of all images: what batches by prefix name. */
export const setPrefix = "set/";
const itemsPerBatch = 8;
/** The first of them are sent along. */
const uploadsPerBatch = 2;
const pauseMs = 500;

/** How callers submit jobs and batches, each until it is taken. */
export class CallerWays {
  readonly all: readonly Way[];
  readonly #options: CallerWaysOptions;

  constructor(options: CallerWaysOptions) {
    this.#options = options;
    const one = (draw: () => FaultImage) => [draw()];
    const sent = (draw: () => FaultImage) => [drawn(draw, ({ bytes }) => bytes !== undefined)];
    const job = (images: Way["images"], send: Way["send"]): Way => ({ kind: "job", images, send });
    const byReference = job(one, (...call) => this.#byReference(...call));
    this.all = [
      byReference,
      byReference,
      byReference,
      job(one, (...call) => this.#withoutKey(...call)),
      job(one, (...call) => this.#repeated(...call)),
      job(sent, (...call) => this.#byForm(...call)),
      job(sent, (...call) => this.#byForm(...call)),
      job(sent, (...call) => this.#onUpload(...call)),
      { kind: "batch", images: listedItems, send: (...call) => this.#byItems(...call) },
      {
        kind: "batch",
        images: () => listedBelowPrefix(options.images),
        send: (submission, task) => this.#byPrefix(submission, task),
      },
    ];
  }

  async #byReference(submission: Submission, task: ImageTask, [image]: readonly FaultImage[]): Promise<void> {
    await this.#submit(submission, { ...this.#common(submission, task), image: referenceTo(image!) });
  }

  async #byForm(submission: Submission, task: ImageTask, [image]: readonly FaultImage[]): Promise<void> {
    await this.#submit(submission, { ...this.#common(submission, task), image: image!.bytes! });
  }

  async #onUpload(submission: Submission, task: ImageTask, [image]: readonly FaultImage[]): Promise<void> {
    await this.#submit(submission, { ...this.#common(submission, task), image: await this.#upload(image!) });
  }

  /** By a caller whose answer is lost now and then: twice at once, and once more. */
  async #repeated(submission: Submission, task: ImageTask, [image]: readonly FaultImage[]): Promise<void> {
    const job = { ...this.#common(submission, task), image: referenceTo(image!) };
    const key = randomUUID();
    await Promise.all([this.#submit(submission, job, key), this.#submit(submission, job, key)]);
    await this.#submit(submission, job, key);
  }

  /** By a caller who knows of no idempotency keys until an answer has one. */
  async #withoutKey(submission: Submission, task: ImageTask, [image]: readonly FaultImage[]): Promise<void> {
    const body = JSON.stringify({ ...this.#common(submission, task), image: referenceTo(image!) });
    let key: string | undefined;
    for (;;) {
      const answer = await this.#postJob(body, key);
      if (answer === undefined && key === undefined) {
        submission.isUncertain = true;
        return;
      }
      if (answer && "id" in answer) return void submission.ids.add(answer.id);
      if (answer && answer.code !== "submission_unconfirmed" && !answer.retryable) throw new Error(answer.code);
      key = answer?.idempotencyKey ?? key;
      await sleep(pauseMs, undefined, { signal: this.#options.signal });
    }
  }

  /** Undefined when the connection was lost. */
  async #postJob(body: string, key: string | undefined): Promise<Job | Problem | undefined> {
    const headers = { "content-type": "application/json", ...(key !== undefined && { "idempotency-key": key }) };
    try {
      return (await (await this.#options.post("/v1/jobs", { body, headers })).json()) as Job | Problem;
    } catch {
      return undefined;
    }
  }

  async #byItems(submission: Submission, task: ImageTask, images: readonly FaultImage[]): Promise<void> {
    const items = images.map((image, index) => (index < uploadsPerBatch ? this.#upload(image) : referenceTo(image)));
    const output = { s3: { bucket: buckets.photos, prefix: `results/${submission.request}/` } };
    const batch = { ...this.#common(submission, task), output, items: await Promise.all(items) };
    await this.#submitBatch(submission, batch);
  }

  async #byPrefix(submission: Submission, task: ImageTask): Promise<void> {
    const prefix = { s3: { bucket: buckets.photos, prefix: setPrefix } };
    await this.#submitBatch(submission, { ...this.#common(submission, task), prefix });
  }

  #common({ request }: Submission, task: ImageTask) {
    const options: Partial<JobOptions> = task === "embed" ? { crops: true } : {};
    return { task, options, webhook: this.#options.webhook, metadata: { request } };
  }

  async #submit(submission: Submission, job: AnalysisSubmission, idempotencyKey: string = randomUUID()): Promise<void> {
    const { client, signal } = this.#options;
    submission.ids.add((await client.submit(job, { signal, idempotencyKey })).id);
  }

  async #submitBatch(submission: Submission, batch: Parameters<FacefleetClient["submitBatch"]>[0]): Promise<void> {
    const { client, signal } = this.#options;
    submission.ids.add((await client.submitBatch(batch, { signal })).id);
  }

  /** Sends an image to a new place, until one has taken it. */
  async #upload(image: FaultImage): Promise<ImageRef> {
    const { client, signal } = this.#options;
    for (;;) {
      try {
        return await client.upload(image.bytes!, "image/jpeg", { signal });
      } catch {
        signal.throwIfAborted();
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }
}

/** As the store lists them. */
function listedBelowPrefix(images: readonly FaultImage[]): FaultImage[] {
  return images.filter(({ bytes }) => bytes !== undefined).sort((a, b) => (a.key < b.key ? -1 : 1));
}

function listedItems(draw: () => FaultImage): FaultImage[] {
  return Array.from({ length: itemsPerBatch }, (_, index) => {
    return index < uploadsPerBatch ? drawn(draw, ({ bytes }) => bytes !== undefined) : draw();
  });
}

function drawn(draw: () => FaultImage, isRight: (image: FaultImage) => boolean): FaultImage {
  for (;;) {
    const image = draw();
    if (isRight(image)) return image;
  }
}

function referenceTo({ key }: FaultImage): ImageRef {
  return { s3: { bucket: buckets.photos, key } };
}
