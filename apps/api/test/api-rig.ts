import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JobResult } from "@facefleet/contracts";
import {
  Batches,
  createLogger,
  createMetrics,
  createObjectStore,
  EgressGuard,
  FaceJobConsumer,
  FaceJobs,
  FleetObserver,
  FleetRedis,
  itemEnds,
  type Logger,
  type ObjectStore,
  OwnObjects,
  type RedisSettings,
  type RunningJob,
  StoredResults,
  UploadDeletion,
  UploadRegistry,
  uploadsOf,
  WebhookSecrets,
  WorkerRegistry,
} from "@facefleet/platform";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { Redis } from "ioredis";
import { buildApp } from "../src/app.js";
import { type ApiConfig, loadApiConfig } from "../src/config.js";
import { openAccess } from "../src/tenancy/access.js";
import { model } from "./canned-results.js";

const silent = createLogger({ name: "test", level: "silent", format: "json" });

type Run = (job: RunningJob, signal: AbortSignal) => Promise<JobResult>;

/** The real API on a real Redis under its own prefix, with a folder store unless the environment names S3. */
export interface ApiRig {
  readonly app: FastifyInstance;
  readonly config: ApiConfig;
  readonly jobs: FaceJobs;
  readonly redis: FleetRedis;
  readonly batches: Batches;
  readonly store: ObjectStore;
  readonly own: OwnObjects;
  readonly uploads: UploadRegistry;
  readonly results: StoredResults;
  readonly stopping: AbortController;
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
  /** Takes jobs as a worker does, doing `run`; deletes uploads at their end, as the worker does. */
  startWorker(run: Run): Promise<FaceJobConsumer>;
  /** The ids of what the folder store holds of uploads, and of results. */
  storedUploads(): Promise<string[]>;
  storedResults(): Promise<string[]>;
  /** Every upload that is known, whether it is held, waits for a job, or is about to be deleted. */
  registeredUploads(): Promise<string[]>;
  /** Those of them that wait for a job. */
  waitingUploads(): Promise<string[]>;
  close(): Promise<void>;
}

export async function startApi(env: Record<string, string> = {}, logger: Logger = silent): Promise<ApiRig> {
  const directory = await mkdtemp(path.join(tmpdir(), "facefleet-api-"));
  const config = loadApiConfig({
    // biome-ignore lint/style/noProcessEnv: the tests' Redis
    REDIS_URL: process.env.REDIS_URL,
    QUEUE_PREFIX: `{test-${randomBytes(6).toString("hex")}}`,
    STORE_DIR: directory,
    PORT: "0",
    ...env,
  });
  const store = createObjectStore(config);
  const redis = new FleetRedis(config, { logger });
  const jobs = new FaceJobs(redis, { items: itemEnds, logger, store });
  const batches = new Batches(redis, { logger, store });
  const uploads = new UploadRegistry(redis);
  const own = new OwnObjects(store, () => uploads.secret());
  const results = new StoredResults(redis, { logger, store });
  const observer = new FleetObserver(redis);
  const egress = new EgressGuard({ allow: config.EGRESS_ALLOW });
  const stopping = new AbortController();
  const access = await openAccess(config, { redis, logger });
  const webhookSecrets = new WebhookSecrets(redis);
  const parts = {
    config,
    logger,
    jobs,
    batches,
    store,
    own,
    uploads,
    webhookSecrets,
    egress,
    observer,
    metrics: createMetrics(),
    access,
  };
  const app = await buildApp(parts, stopping.signal);
  const closers: (() => Promise<unknown>)[] = [];
  return {
    app,
    config,
    redis,
    jobs,
    batches,
    store,
    own,
    uploads,
    results,
    stopping,
    inject: (request) => app.inject(request),
    async startWorker(run) {
      const { worker, stop } = await startWorker(config, { run, store, own, uploads });
      closers.push(stop);
      return worker;
    },
    async storedUploads() {
      const names = await readdir(path.join(directory, store.ownPlace.bucket, "uploads")).catch(() => []);
      return names.map((name) => name.slice(0, name.indexOf("-")));
    },
    storedResults: () => readdir(path.join(directory, store.ownPlace.bucket, "results")).catch(() => []),
    waitingUploads: () => withRedis(config, (redis) => redis.zrange(`${config.QUEUE_PREFIX}:uploads`, "0", "-1")),
    registeredUploads: () => withRedis(config, registeredUploads(config.QUEUE_PREFIX)),
    async close() {
      for (const close of closers) await close();
      await app.close();
      access?.close();
      await Promise.all([redis.close(), store.close()]);
      await withRedis(config, removeKeys(config.QUEUE_PREFIX)).catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startWorker(
  settings: RedisSettings,
  { run, store, own, uploads }: { run: Run; store: ObjectStore; own: OwnObjects; uploads: UploadRegistry },
) {
  const deletion = new UploadDeletion(own, uploads, silent);
  const redis = new FleetRedis(settings, { logger: silent });
  const worker = new FaceJobConsumer(redis, {
    items: itemEnds,
    logger: silent,
    store,
    concurrency: 8,
    run,
    onEnd: ({ payload }) => deletion.deleteDoomed(uploadsOf(payload)),
  });
  const registry = new WorkerRegistry(redis, { logger: silent });
  await registry.announce({
    id: "worker-1",
    engine: "onnx-cpu",
    device: "cpu",
    model,
    startedAt: new Date().toISOString(),
  });
  await worker.start();
  const stop = async () => {
    await registry.retire();
    await worker.stop(1000);
    await redis.close();
  };
  return { worker, stop };
}

export async function withRedis<T>({ REDIS_URL }: RedisSettings, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

function registeredUploads(prefix: string) {
  return async (redis: Redis) => {
    const sets = ["uploads", "held-uploads", "doomed-uploads"].map((name) =>
      redis.zrange(`${prefix}:${name}`, "0", "-1"),
    );
    return (await Promise.all(sets)).flat().map((member) => member.split("/")[0]!);
  };
}

function removeKeys(prefix: string) {
  return async (redis: Redis) => {
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(...keys);
  };
}
