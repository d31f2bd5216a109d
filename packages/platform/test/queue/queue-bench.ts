import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultTenant, type FaceJobPayload, type Job, type JobResult, queueCatalogue } from "@facefleet/contracts";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { expect, onTestFinished } from "vitest";
import type { RedisSettings } from "../../src/config/index.js";
import { createLogger, type Logger } from "../../src/logging/index.js";
import { FolderObjectStore } from "../../src/object-store/index.js";
import {
  FaceJobConsumer,
  type FaceJobConsumerOptions,
  FaceJobs,
  FleetRedis,
  itemEnds,
  type RunningJob,
} from "../../src/queue/index.js";
import { Outcomes } from "../../src/queue/jobs/ends/outcomes.js";
import type { QueueKeys } from "../../src/queue/redis/queue-keys.js";
import { ResultStore } from "../../src/queue/results/result-store.js";
import { keysLeft } from "./keys-left.js";

// biome-ignore lint/style/noProcessEnv: the global setup of the tests says here where Redis is
const { REDIS_URL } = process.env;

export const silent = createLogger({ name: "test", level: "silent", format: "json" });

export const payload: FaceJobPayload = {
  task: "detect",
  images: [{ s3: { bucket: "photos", key: "a.jpg" } }],
  options: {
    detector: "mtcnn",
    minFaceSize: 20,
    minConfidence: 0.9,
    maxFaces: 100,
    order: "prominence",
    landmarks: true,
    crops: false,
    quality: true,
    embedding: "standard",
    embeddingFormat: "float",
    detection: "faces",
    orientations: [0],
  },
  metadata: { album: "summer" },
  resultTtlSeconds: 600,
  tenant: defaultTenant,
};

export const result: JobResult = {
  image: { width: 4, height: 3, format: "png", orientation: 1, sha256: "0".repeat(64) },
  faces: [],
  dropped: [],
  model: { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" },
  timings: { queueMs: 1, fetchMs: 1, decodeMs: 1, detectMs: 1, embedMs: 0, batchSize: 1 },
};

export type Run = FaceJobConsumerOptions["run"];

/** A queue of its own for one test, on the shared Redis unless it names another. Everything is removed after it. */
export class QueueBench {
  readonly settings: RedisSettings;
  readonly keys: QueueKeys;
  /** What the classes under test are given. */
  readonly fleet: FleetRedis;
  /** For looking past them. */
  readonly redis: Redis;
  readonly store: FolderObjectStore;
  readonly results: ResultStore;
  readonly outcomes: Outcomes;
  /** Of the object store; there once something is in it. */
  readonly folder = join(tmpdir(), `facefleet-queue-${randomBytes(6).toString("hex")}`);
  readonly #closers: (() => Promise<unknown>)[] = [];

  constructor(url = REDIS_URL, prefix = `{test-${randomBytes(6).toString("hex")}}`) {
    if (url === undefined) throw new Error("Expected REDIS_URL from the tests' global setup but it is not set");
    this.settings = { REDIS_URL: url, QUEUE_PREFIX: prefix };
    this.fleet = new FleetRedis(this.settings, { logger: silent });
    this.keys = this.fleet.keys;
    this.redis = this.fleet.work.client;
    this.store = new FolderObjectStore(this.folder);
    this.results = new ResultStore(this.redis, this.keys, { store: this.store, logger: silent });
    this.outcomes = new Outcomes(this.redis, this.keys, this.results, { items: itemEnds });
    onTestFinished(() => this.#clear());
  }

  /** Closed before the queue is removed, in reverse order. */
  onClose(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** The same Redis as another process has it, or one that logs, or reaches it in another way. */
  process({ logger = silent, ...settings }: Partial<RedisSettings> & { readonly logger?: Logger } = {}): FleetRedis {
    const redis = new FleetRedis({ ...this.settings, ...settings }, { logger });
    this.onClose(() => redis.close());
    return redis;
  }

  jobs(): FaceJobs {
    return new FaceJobs(this.fleet, { logger: silent, store: this.store, items: itemEnds });
  }

  /** BullMQ's own view, for looking past the classes under test. */
  queue(): Queue {
    const queue = new Queue(queueCatalogue.faces.name, { connection: this.redis, prefix: this.settings.QUEUE_PREFIX });
    this.onClose(() => queue.close());
    return queue;
  }

  consumer(options: Partial<FaceJobConsumerOptions> = {}): FaceJobConsumer {
    const run = () => Promise.resolve(result);
    const { store } = this;
    const consumer = new FaceJobConsumer(this.fleet, {
      logger: silent,
      store,
      items: itemEnds,
      concurrency: 4,
      run,
      ...options,
    });
    this.onClose(() => consumer.stop(0));
    return consumer;
  }

  async started(options: Partial<FaceJobConsumerOptions> = {}): Promise<FaceJobConsumer> {
    const consumer = this.consumer(options);
    await consumer.start();
    return consumer;
  }

  async #clear(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    let left: string[] = [];
    if (this.redis.status === "ready") {
      left = await keysLeft(this.redis, this.keys);
      const keys = await this.redis.keys(`${this.settings.QUEUE_PREFIX}*`);
      if (keys.length > 0) await this.redis.del(...keys);
    }
    await this.fleet.close();
    await rm(this.folder, { recursive: true, force: true });
    expect(left, "keys that would stay for ever").toEqual([]);
  }
}

/** A run that waits in the middle of its job until the test lets it go on. */
export function heldRun(): { run: Run; taken: Promise<RunningJob>; aborted: Promise<unknown>; letGo: () => void } {
  const taken = deferred<RunningJob>();
  const gate = deferred<void>();
  const aborted = deferred<unknown>();
  const run: Run = async (job, signal) => {
    signal.addEventListener("abort", () => {
      aborted.resolve(signal.reason);
      gate.reject(signal.reason);
    });
    taken.resolve(job);
    await gate.promise;
    return result;
  };
  return { run, taken: taken.promise, aborted: aborted.promise, letGo: () => gate.resolve() };
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, "resolve" | "reject"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function endOf(job: Job): number {
  return Date.parse(job.finishedAt ?? "");
}
