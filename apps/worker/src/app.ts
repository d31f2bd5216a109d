import { type ModelInfo, ProblemError, usualDetector } from "@facefleet/contracts";
import { imageMemory } from "@facefleet/core/batching";
import {
  createMetrics,
  createObjectStore,
  DependencyErrors,
  type Egress,
  EgressGuard,
  expectUsableRedis,
  FaceJobConsumer,
  FaceJobs,
  FleetRedis,
  isTracing,
  itemEnds,
  jobEndCounter,
  KnownResults,
  Lifecycle,
  type Logger,
  logNotices,
  type ObjectStore,
  OriginCircuits,
  Orphans,
  OwnObjects,
  QueueSweep,
  RedisRoom,
  resultRef,
  StoredResults,
  startTracing,
  type Tracing,
  UploadRegistry,
  uploadsOf,
} from "@facefleet/platform";
import { BatchWorker, type BatchWorkerParts } from "./batches/batch-worker.js";
import type { WorkerConfig } from "./config.js";
import { CountedEgress } from "./counted-egress.js";
import { buildHttp, type Check } from "./http.js";
import { InferencePool } from "./inference/inference-pool.js";
import type { InferenceInfo, InferenceSettings } from "./inference/protocol.js";
import { FaceJobRunner, idle } from "./jobs/face-job-runner.js";
import { ObjectSweep } from "./jobs/object-sweep.js";
import { OrphanSweep } from "./jobs/orphan-sweep.js";
import { UploadCleanup } from "./jobs/upload-cleanup.js";
import { WorkerMetrics } from "./metrics.js";
import { Presence } from "./presence.js";
import { StoreWatch } from "./store-watch.js";
import { AnalysisCache } from "./tasks/analysis-cache.js";
import type { ModelOptions } from "./tasks/seen-image.js";
import { waitUntilReachable } from "./wait-until-reachable.js";
import { WebhookDelivery } from "./webhooks/webhook-delivery.js";

/** Kept from the shutdown deadline for closing what the jobs used, in milliseconds. */
const closingMs = 3000;

export interface Worker {
  /** Where /livez, /readyz and /metrics are. */
  readonly address: string;
  /** Resolves once the worker does what its role is; rejects with one sentence when the engine cannot start. */
  readonly ready: Promise<void>;
  /** Drains and closes; false when the deadline cut it short. */
  stop(reason: string): Promise<boolean>;
}

/**
 * Serves the probes at once; waits for Redis and the store, warms the engine, and only then takes jobs. Webhooks wait
 * for Redis alone.
 */
export async function startWorker(config: WorkerConfig, logger: Logger): Promise<Worker> {
  const tracing = await startTracing(config, { service: "facefleet-worker", logger });
  const app = new WorkerApp(config, logger, tracing);
  const address = await app.serveProbes();
  logger.info({ address }, "answering probes");
  return { address, ready: app.work(), stop: (reason) => app.stop(reason) };
}

class WorkerApp {
  readonly #config: WorkerConfig;
  readonly #logger: Logger;
  readonly #lifecycle: Lifecycle;
  readonly #stopping = new AbortController();
  readonly #metrics = createMetrics();
  readonly #workerMetrics = new WorkerMetrics(this.#metrics);
  readonly #dependencyErrors = new DependencyErrors(this.#metrics);
  readonly #countEnd = jobEndCounter(this.#metrics);
  readonly #redis: FleetRedis;
  readonly #jobs: FaceJobs;
  readonly #store: ObjectStore;
  readonly #storeWatch: StoreWatch;
  readonly #egress: Egress;
  readonly #presence: Presence;
  readonly #room: RedisRoom;
  readonly #inference: InferencePool;
  #delivery: WebhookDelivery | undefined;
  #consumer: FaceJobConsumer | undefined;
  #runner: FaceJobRunner | undefined;
  #models: InferenceInfo["models"] | undefined;
  #takesJobs = false;

  constructor(config: WorkerConfig, logger: Logger, tracing: Tracing | undefined) {
    this.#config = config;
    this.#logger = logger;
    this.#lifecycle = new Lifecycle({ logger, deadlineMs: config.SHUTDOWN_DEADLINE * 1000 });
    this.#lifecycle.onStop("tracing", () => tracing?.stop());
    this.#lifecycle.onStop("dependency errors", async () => this.#dependencyErrors.close());
    this.#store = createObjectStore(config, {
      failed: (operation) => this.#dependencyErrors.storeFailed(operation),
      answered: (operation) => operation === "get" && this.#storeWatch.answered(),
    });
    this.#lifecycle.onStop("object store", () => this.#store.close());
    this.#storeWatch = new StoreWatch({
      store: this.#store,
      logger,
      onAway: () => this.#partAway("store"),
      onBack: () => this.#partBack("store"),
    });
    this.#lifecycle.onStop("store watch", async () => this.#storeWatch.stop());
    this.#redis = new FleetRedis(config, { logger });
    this.#lifecycle.onStop("Redis", () => this.#redis.close());
    this.#jobs = new FaceJobs(this.#redis, { logger, store: this.#store, items: itemEnds, onOutcome: this.#countEnd });
    this.#egress = new EgressGuard({ allow: config.EGRESS_ALLOW });
    this.#room = new RedisRoom(this.#redis);
    this.#lifecycle.onStop("room in Redis", () => this.#room.stop());
    this.#presence = new Presence(this.#redis, logger, () => this.#runner?.load ?? idle);
    this.#inference = new InferencePool({
      settings: inferenceSettings(config),
      memory: imageMemory(config.MAX_DECODED_BYTES),
      processes: config.INFERENCE_PROCESSES,
      logger,
      onBatch: (report) => this.#workerMetrics.batch(report),
      onOutOfMemorySplit: (stage) => this.#workerMetrics.outOfMemorySplit(stage),
      onVitals: (vitals) => this.#workerMetrics.inferenceVitals(vitals),
      onReady: (engine) => this.#engineReady(engine),
      onLost: () => this.#engineLost(),
    });
  }

  async serveProbes(): Promise<string> {
    const http = buildHttp({ metrics: this.#metrics, checks: this.#checks(), host: this.#config.WORKER_HOST });
    this.#lifecycle.onStop("http", () => http.close());
    return await http.listen({ host: this.#config.WORKER_HOST, port: this.#config.WORKER_PORT });
  }

  async work(): Promise<void> {
    const { ROLE } = this.#config;
    const waiting = { logger: this.#logger, signal: this.#stopping.signal };
    await waitUntilReachable("queue", () => this.#jobs.redis.check(), waiting);
    await expectUsableRedis(this.#jobs.redis, this.#logger);
    if (ROLE !== "inference") this.#deliverWebhooks();
    if (ROLE !== "webhooks") await this.#takeJobs();
  }

  #checks(): Record<string, Check> {
    const { ROLE } = this.#config;
    const queue = () => this.#jobs.redis.check();
    const inference = {
      store: () => this.#store.ping(),
      engine: async () => (this.#inference.ready ? undefined : "not warm"),
      jobs: async () => (this.#takesJobs && !this.#storeWatch.isAway ? undefined : "not taken"),
    };
    const delivery = { webhooks: async () => (this.#delivery?.isRunning ? undefined : "not delivered") };
    return { queue, ...(ROLE !== "webhooks" && inference), ...(ROLE !== "inference" && delivery) };
  }

  #countedEgress(purpose: "image" | "webhook"): Egress {
    return new CountedEgress(this.#egress, (outcome) => this.#workerMetrics.egress(purpose, outcome));
  }

  /** Told to stop at once with everything else, it need not share what is left of the deadline. */
  #deliverWebhooks(): void {
    const parts = { logger: this.#logger, metrics: this.#metrics, egress: this.#countedEgress("webhook") };
    const delivery = new WebhookDelivery(this.#redis, this.#config, parts);
    const stop = () => delivery.stop(this.#drainMs);
    this.#stopping.signal.addEventListener("abort", () => void stop());
    this.#lifecycle.onStop("webhooks", stop);
    delivery.start();
    this.#delivery = delivery;
    this.#logger.info({ concurrency: this.#config.WEBHOOK_CONCURRENCY }, "delivering webhooks");
  }

  async #takeJobs(): Promise<void> {
    const waiting = { logger: this.#logger, signal: this.#stopping.signal };
    await waitUntilReachable("object store", () => this.#store.ping(), waiting);
    void logNotices(this.#store, this.#logger);
    await this.#room.start();
    const uploads = new UploadRegistry(this.#redis);
    const own = new OwnObjects(this.#store, () => uploads.secret());
    const cleanup = this.#startCleanup(uploads, own);
    const results = this.#openResults();
    this.#startSweep(cleanup);
    this.#startOrphanSweep();
    this.#startBatches({ own, uploads, results, cleanup });
    this.#lifecycle.onStop("inference", () => this.#inference.close());
    await this.#inference.start();
    this.#stopping.signal.throwIfAborted();
    await this.#startConsumer(own, cleanup);
    this.#takesJobs = true;
    this.#logger.info({ concurrency: this.#config.CONCURRENCY, inferencePids: this.#inference.pids }, "taking jobs");
  }

  stop(reason: string): Promise<boolean> {
    this.#takesJobs = false;
    this.#stopping.abort(new ProblemError("shutting_down"));
    return this.#lifecycle.stop(reason);
  }

  #startCleanup(uploads: UploadRegistry, own: OwnObjects): UploadCleanup {
    const cleanup = new UploadCleanup(own, uploads, this.#logger);
    this.#lifecycle.onStop("upload cleanup", () => cleanup.stop());
    cleanup.start();
    return cleanup;
  }

  /** And deletes those whose time is over. */
  #openResults(): StoredResults {
    const store = this.#store;
    const results = new StoredResults(this.#redis, { logger: this.#logger, store });
    const sweep = new ObjectSweep({
      what: "stored results",
      logger: this.#logger,
      take: (limit) => results.takeExpired(limit),
      deleteObject: (id) => store.delete(resultRef(store, id)),
      remove: (id) => results.remove(id),
    });
    this.#lifecycle.onStop("sweep of results", () => sweep.stop());
    sweep.start();
    return results;
  }

  #startSweep(cleanup: UploadCleanup): void {
    const sweep = new QueueSweep(this.#redis, {
      logger: this.#logger,
      store: this.#store,
      onEnd: (payload) => cleanup.released(uploadsOf(payload)),
      onOutcome: this.#countEnd,
    });
    this.#lifecycle.onStop("queue sweep", () => sweep.stop());
    sweep.start();
  }

  #startOrphanSweep(): void {
    const orphans = new Orphans(this.#redis);
    const sweep = new OrphanSweep({ store: this.#store, orphans, logger: this.#logger });
    this.#lifecycle.onStop("sweep of orphans", () => sweep.stop());
    sweep.start();
  }

  #startBatches(parts: Pick<BatchWorkerParts, "own" | "uploads" | "results" | "cleanup">): void {
    const batches = new BatchWorker(this.#redis, {
      ...parts,
      store: this.#store,
      room: this.#room,
      jobs: this.#jobs,
      storeWatch: this.#storeWatch,
      metrics: this.#workerMetrics,
      logger: this.#logger,
    });
    this.#lifecycle.onStop("batches", () => batches.stop());
    batches.start();
  }

  async #startConsumer(own: OwnObjects, cleanup: UploadCleanup): Promise<void> {
    const runner = new FaceJobRunner({
      store: this.#store,
      own,
      storeWatch: this.#storeWatch,
      egress: this.#countedEgress("image"),
      hosts: new OriginCircuits({ concurrency: this.#config.CONCURRENCY }),
      maxImageBytes: this.#config.MAX_IMAGE_BYTES,
      timeoutMs: this.#config.JOB_TIMEOUT * 1000,
      cache: this.#openCache(),
      cleanup,
      metrics: this.#workerMetrics,
      logger: this.#logger,
      analyse: (bytes, options, call) => this.#inference.analyse(bytes, options, call),
      modelOf: (options) => this.#modelOf(options),
    });
    const consumer = new FaceJobConsumer(this.#redis, {
      logger: this.#logger,
      store: this.#store,
      room: this.#room,
      items: itemEnds,
      concurrency: this.#config.CONCURRENCY,
      lockDurationMs: this.#config.LOCK_DURATION * 1000,
      isTraced: isTracing(this.#config),
      run: (job, signal) => runner.run(job, signal),
      judge: (failure) => runner.judge(failure),
      onEnd: (job, outcome) => runner.ended(job, outcome),
      onOutcome: this.#countEnd,
      onStored: (milliseconds) => this.#workerMetrics.stage("store", milliseconds),
    });
    this.#runner = runner;
    this.#lifecycle.onStop("jobs", () => this.#drain(consumer, runner));
    this.#lifecycle.onStop("presence", () => this.#presence.retire());
    this.#consumer = consumer;
    await consumer.start();
  }

  /** Jobs are taken only once the engine has said what it is. */
  #modelOf({ detection, detector, embedding }: ModelOptions): ModelInfo {
    return this.#models![detection === "none" ? detection : detector][embedding];
  }

  #openCache(): AnalysisCache | undefined {
    const ttlSeconds = this.#config.ANALYSIS_CACHE_TTL;
    if (ttlSeconds === 0) return undefined;
    const results = new KnownResults(this.#redis, { logger: this.#logger, store: this.#store });
    return new AnalysisCache({
      results,
      ttlSeconds,
      metrics: this.#workerMetrics,
      logger: this.#logger,
      modelOf: (options) => this.#modelOf(options),
    });
  }

  async #drain(consumer: FaceJobConsumer, runner: FaceJobRunner): Promise<void> {
    const drainMs = this.#drainMs;
    const late = setTimeout(() => {
      this.#logger.warn(
        { jobs: runner.inFlight },
        "jobs are not finished in time: they stay queued, for another worker or the next start",
      );
    }, drainMs);
    await consumer.stop(drainMs);
    clearTimeout(late);
  }

  /** How long what runs has to end, in milliseconds. */
  get #drainMs(): number {
    const deadlineMs = this.#config.SHUTDOWN_DEADLINE * 1000;
    return deadlineMs - Math.min(closingMs, deadlineMs / 2);
  }

  #engineReady(engine: InferenceInfo): void {
    this.#models = engine.models;
    this.#workerMetrics.engineReady(engine);
    const { device, reason, arithmetic, refusals, models, rssBytes } = engine;
    for (const refusal of refusals)
      this.#logger.warn(
        { engine: engine.engine },
        `embeddings are computed slower, and are the same (docs/models.md says why): ${refusal}`,
      );
    const rssMb = { inference: megabytes(rssBytes), worker: megabytes(process.memoryUsage.rss()) };
    const { pack } = models[usualDetector].standard;
    this.#logger.info({ engine: engine.engine, device, arithmetic, reason, pack, rssMb }, "engine is warm");
    void this.#presence.announce(engine);
    this.#partBack("engine");
  }

  /** Jobs are left to workers that can do them; with none, they wait in the queue instead of failing here. */
  #engineLost(): void {
    this.#partAway("engine");
    this.#workerMetrics.engineLost();
    void this.#presence.retire();
  }

  #partAway(part: "store" | "engine"): void {
    this.#workerMetrics.partAway(part, true);
    void this.#consumer?.partAway(part);
  }

  #partBack(part: "store" | "engine"): void {
    this.#workerMetrics.partAway(part, false);
    void this.#consumer?.partBack(part);
  }
}

function inferenceSettings(config: WorkerConfig): InferenceSettings {
  return {
    pack: config.PACK,
    modelsDir: config.MODELS_DIR,
    engine: config.ENGINE,
    threads: config.ENGINE_THREADS,
    tfjsNodeDir: config.TFJS_NODE_DIR,
    limits: {
      maxPixels: config.MAX_IMAGE_PIXELS,
      heic: config.DECODE_HEIC,
      maxBatchSize: config.MAX_BATCH_SIZE,
      maxQueueDelayMs: config.MAX_QUEUE_DELAY_MS,
    },
    log: { level: config.LOG_LEVEL, format: config.LOG_FORMAT },
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
