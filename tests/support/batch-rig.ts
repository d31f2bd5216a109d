import type { Batch, BatchLine, BatchRequest, ImageRef, JobResult } from "@facefleet/contracts";
import {
  anyRoom,
  BatchSteps,
  createLogger,
  createMetrics,
  type ObjectRef,
  type Room,
  type RunningJob,
} from "@facefleet/platform";
import { expect } from "vitest";
import { type ApiRig, startApi } from "../../apps/api/test/api-rig.js";
import { analysis, face } from "../../apps/api/test/canned-results.js";
import { BatchResults } from "../../apps/worker/src/batches/batch-results.js";
import { BatchStepper } from "../../apps/worker/src/batches/batch-stepper.js";
import { BatchWorker } from "../../apps/worker/src/batches/batch-worker.js";
import { BatchSource } from "../../apps/worker/src/batches/sources/batch-source.js";
import { FailedItems } from "../../apps/worker/src/batches/sources/failed-items.js";
import { UploadCleanup } from "../../apps/worker/src/jobs/upload-cleanup.js";
import { WorkerMetrics } from "../../apps/worker/src/metrics.js";
import { eventually } from "./eventually.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });
const storeWatch = { isAway: false, isOut: async () => false };

export const photos = (count: number): ImageRef[] =>
  Array.from({ length: count }, (_, index) => ({ s3: { bucket: "photos", key: `${index}.jpg` } }));

export function keyOf(image: ImageRef): string {
  if ("s3" in image) return image.s3.key;
  return "upload" in image ? image.upload : image.url;
}

/** An API with batches, and what workers do for them, where `run` says what becomes of an image. */
export class BatchRig {
  readonly #workers: BatchWorker[] = [];
  /** The images that were run, in the order in which they were. */
  readonly ran: string[] = [];
  room: Room = anyRoom;
  run: (job: RunningJob, signal: AbortSignal) => Promise<JobResult> = async () => analysis([face(0.99)]);

  private constructor(readonly api: ApiRig) {}

  static async start(): Promise<BatchRig> {
    return new BatchRig(await startApi());
  }

  /** Takes both items and batches on. */
  async startWorkers(): Promise<void> {
    const { redis, store, own, jobs, uploads, results } = this.api;
    const cleanup = new UploadCleanup(own, uploads, logger);
    const metrics = new WorkerMetrics(createMetrics());
    const parts = { store, own, jobs, uploads, results, room: this.room, cleanup, storeWatch, metrics, logger };
    const worker = new BatchWorker(redis, parts);
    this.#workers.push(worker);
    worker.start();
    await this.startConsumer();
  }

  async startConsumer(): Promise<void> {
    await this.api.startWorker((job, signal) => {
      this.ran.push(keyOf(job.payload.images[0]!));
      return this.run(job, signal);
    });
  }

  /** One that makes steps of a batch when it is told to. */
  stepper(steps: BatchSteps): BatchStepper {
    const { store, own, jobs, uploads, results } = this.api;
    const source = new BatchSource({ store, own, steps, uploads });
    const batchResults = new BatchResults({ store, own, steps, results });
    const onReleased = async () => undefined;
    return new BatchStepper({
      steps,
      source,
      failedItems: new FailedItems({ steps, results: batchResults, source }),
      results: batchResults,
      jobs,
      room: this.room,
      onReleased,
      onQueued: () => undefined,
      onEnd: () => undefined,
    });
  }

  steps(): BatchSteps {
    return new BatchSteps(this.api.redis);
  }

  async submitted(request: BatchRequest): Promise<Batch> {
    const answer = await this.api.inject({ method: "POST", url: "/v1/batches", payload: request });
    expect(answer.statusCode, answer.body).toBe(202);
    return answer.json<Batch>();
  }

  async look(id: string): Promise<Batch> {
    return (await this.api.inject({ url: `/v1/batches/${id}` })).json<Batch>();
  }

  async ended(id: string): Promise<Batch> {
    await eventually(async () => (await this.look(id)).finishedAt !== undefined, 120_000);
    return this.look(id);
  }

  retry(id: string) {
    return this.api.inject({ method: "POST", url: `/v1/batches/${id}/retry` });
  }

  /** Has the failed items of a batch tried again, and waits for its end. */
  async retried(id: string): Promise<Batch> {
    const answer = await this.retry(id);
    expect(answer.statusCode, answer.body).toBe(202);
    return this.ended(id);
  }

  async results(id: string): Promise<BatchLine[]> {
    const answer = await this.api.inject({ url: `/v1/batches/${id}/results` });
    expect(answer.statusCode).toBe(200);
    return ndjson(answer.body);
  }

  async storeObject(ref: ObjectRef, text: string): Promise<void> {
    await this.api.store.put(ref, Buffer.from(text), { maxBytes: 1e9 });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.api.close();
  }
}

export function ndjson(text: string): BatchLine[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as BatchLine]));
}
