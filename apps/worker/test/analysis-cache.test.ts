import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AnalysisResult,
  defaultTenant,
  type FaceJobPayload,
  type Job,
  ProblemError,
  type Task,
} from "@facefleet/contracts";
import type { AnalysisOptions, FaceAnalysis } from "@facefleet/core";
import { defaultPackName } from "@facefleet/core/models";
import {
  createLogger,
  createMetrics,
  createObjectStore,
  EgressGuard,
  FaceJobConsumer,
  FaceJobs,
  FleetRedis,
  itemEnds,
  KnownResults,
  type ObjectStore,
  OriginCircuits,
  OwnObjects,
} from "@facefleet/platform";
import { describe, expect, onTestFinished, test } from "vitest";
import { RedisServer } from "../../../tests/support/redis-server.js";
import { startWorker } from "../src/app.js";
import { runFaceJob } from "../src/jobs/face-job.js";
import { WorkerMetrics } from "../src/metrics.js";
import { AnalysisCache } from "../src/tasks/analysis-cache.js";
import type { TaskParts } from "../src/tasks/task.js";
import { drawn, type Fleet, isolatedFleet, payload, quiet, redisKeys } from "./environment.js";

const box = { x: 0, y: 0, width: 1, height: 1 };
const nowhere = { x: 0, y: 0 };
const landmarks = { leftEye: nowhere, rightEye: nowhere, nose: nowhere, mouthLeft: nowhere, mouthRight: nowhere };

/** An analysis whose one face has the embedding of no other. */
function randomAnalysis(fingerprint: string): FaceAnalysis {
  const values = Float32Array.from({ length: 512 }, () => Math.random() - 0.5);
  const embedding = values.map((value) => value / Math.hypot(...values));
  return {
    image: { width: 1, height: 1, format: "png", orientation: 1, sha256: "0".repeat(64) },
    faces: [{ box, confidence: 1, landmarks, embedding }],
    dropped: [],
    model: { pack: defaultPackName, detector: "d", embedder: "e", dimensions: 512, fingerprint },
    timings: { memoryMs: 0, decodeMs: 1, pyramidMs: 0, detectMs: 2, alignMs: 0, embedMs: 3, batchSize: 4 },
  };
}

type Analyse = TaskParts["analyse"];

interface CacheSettings {
  readonly ttlSeconds?: number;
  /** The Redis of the cache alone. */
  readonly redisUrl?: string;
}

/** Jobs on a real queue and store, done as a worker does them but for the inference, of which only the runs count. */
class CacheBench {
  readonly runs: AnalysisOptions[] = [];
  readonly stages: string[] = [];
  readonly warnings: string[] = [];
  fingerprint = "aaaa";
  analyse: Analyse = async () => randomAnalysis(this.fingerprint);
  readonly jobs: FaceJobs;
  readonly #store: ObjectStore;
  readonly #own: OwnObjects;
  readonly #metrics = createMetrics();

  private constructor(readonly fleet: Fleet) {
    this.#store = createObjectStore(fleet.config);
    this.jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger: quiet, store: this.#store });
    this.#own = new OwnObjects(this.#store, async () => "secret");
  }

  static async start(settings: CacheSettings = {}): Promise<CacheBench> {
    const bench = new CacheBench(await isolatedFleet());
    const { fleet } = bench;
    const place = { ...fleet.config, ...(settings.redisUrl && { REDIS_URL: settings.redisUrl }) };
    const redis = new FleetRedis(place, { logger: quiet });
    const known = new KnownResults(redis, { logger: quiet, store: bench.#store });
    const consumer = bench.#consumer(bench.#cache(known, settings.ttlSeconds ?? 60));
    await consumer.start();
    onTestFinished(async () => {
      await consumer.stop(1000);
      await Promise.all([redis.close(), bench.#store.close()]);
      await fleet.remove();
    });
    return bench;
  }

  async submit(task: Task, images: string[], job: Partial<FaceJobPayload> = {}): Promise<string> {
    const uploads = await Promise.all(images.map((content) => this.#upload(content)));
    const { job: submitted } = await this.jobs.submit({ ...payload(task, uploads), ...job }, { priority: "normal" });
    return submitted.id;
  }

  async ended(id: string, tenant = defaultTenant): Promise<Job> {
    return (await this.jobs.waitUntilEnded(tenant, id, 20_000)) as Job;
  }

  async done(task: Task, images: string[], job: Partial<FaceJobPayload> = {}): Promise<Job> {
    return await this.ended(await this.submit(task, images, job), job.tenant);
  }

  async counted(result: "hit" | "miss"): Promise<number> {
    const text = await this.#metrics.registry.getSingleMetricAsString("facefleet_analysis_cache_total");
    return Number(new RegExp(`\\{result="${result}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  }

  async #upload(content: string): Promise<{ upload: string }> {
    const id = randomBytes(16).toString("hex");
    await this.#own.upload(id).put(Buffer.from(content), { maxBytes: 100 });
    return { upload: id };
  }

  #cache(results: KnownResults, ttlSeconds: number): AnalysisCache {
    const destination = new Writable({
      write: (chunk, _encoding, done) => {
        this.warnings.push(JSON.parse(String(chunk)).msg);
        done();
      },
    });
    return new AnalysisCache({
      results,
      ttlSeconds,
      metrics: new WorkerMetrics(this.#metrics),
      logger: createLogger({ name: "test", level: "warn", format: "json", destination }),
      modelOf: () => randomAnalysis(this.fingerprint).model,
    });
  }

  #consumer(cache: AnalysisCache): FaceJobConsumer {
    const parts = {
      store: this.#store,
      own: this.#own,
      egress: new EgressGuard(),
      hosts: new OriginCircuits({ concurrency: 4 }),
      maxImageBytes: 100,
      cache,
      analyse: (...[bytes, options, call]: Parameters<Analyse>) => {
        this.runs.push(options);
        return this.analyse(bytes, options, call);
      },
      modelOf: () => randomAnalysis(this.fingerprint).model,
      onStage: (stage: string) => void this.stages.push(stage),
    };
    return new FaceJobConsumer(this.fleet.redis, {
      items: itemEnds,
      logger: quiet,
      store: this.#store,
      concurrency: 4,
      run: (job, signal) => runFaceJob(job, parts, signal),
    });
  }
}

test("the same image and options again get the same result to the bit, and nothing is run", async () => {
  const bench = await CacheBench.start();
  const first = (await bench.done("embed", ["image"])).result as AnalysisResult;
  bench.stages.length = 0;
  const { result, state } = await bench.done("embed", ["image"]);
  const { timings, ...second } = result as AnalysisResult;
  expect(state).toBe("succeeded");
  expect(second).toEqual({ ...first, timings: undefined });
  expect(timings).toMatchObject({ decodeMs: 0, detectMs: 0, embedMs: 0, batchSize: 0 });
  expect(timings.fetchMs).toBeGreaterThan(0);
  expect(bench.stages).toEqual(["queue", "fetch"]);
  expect(bench.runs).toHaveLength(1);
  expect([await bench.counted("hit"), await bench.counted("miss")]).toEqual([1, 1]);
});

test("the same two images are not verified twice", async () => {
  const bench = await CacheBench.start();
  const { result } = await bench.done("verify", ["a", "b"]);
  expect((await bench.done("verify", ["a", "b"])).result).toEqual(result);
  expect(bench.runs).toHaveLength(2);
  await bench.done("verify", ["a", "c"]);
  expect(bench.runs).toHaveLength(4);
});

test("another image, task, option, tenant or model is another request", async () => {
  const bench = await CacheBench.start();
  await bench.done("embed", ["image"]);
  await bench.done("embed", ["other"]);
  await bench.done("detect", ["image"]);
  await bench.done("embed", ["image"], { options: { ...payload("embed", []).options, maxFaces: 1 } });
  await bench.done("embed", ["image"], { tenant: "acme" });
  bench.fingerprint = "bbbb";
  await bench.done("embed", ["image"]);
  expect(bench.runs).toHaveLength(6);
  expect(await bench.counted("hit")).toBe(0);
});

test("keeps of a result where it is, for exactly as long as told", async () => {
  const bench = await CacheBench.start({ ttlSeconds: 2 });
  await bench.done("embed", ["image"]);
  const keys = (await redisKeys(bench.fleet)).filter((key) => key.includes(":result:"));
  expect(keys).toEqual([expect.stringMatching(/^\{test-\w+\}:tenant:default:result:[0-9a-f]{64}$/)]);
  await bench.done("embed", ["image"]);
  expect(bench.runs).toHaveLength(1);
  // A hit does not prolong it.
  await sleep(2050);
  expect((await redisKeys(bench.fleet)).filter((key) => key.includes(":result:"))).toEqual([]);
  await bench.done("embed", ["image"]);
  expect(bench.runs).toHaveLength(2);
});

test("keeps nothing longer than the result itself", async () => {
  const bench = await CacheBench.start();
  await bench.done("embed", ["image"], { resultTtlSeconds: 1 });
  await sleep(1050);
  expect((await redisKeys(bench.fleet)).filter((key) => key.includes(":result:"))).toEqual([]);
  await bench.done("embed", ["image"]);
  expect(bench.runs).toHaveLength(2);
});

test("an item of a batch is not remembered, because its result is not where others look", async () => {
  const bench = await CacheBench.start();
  await bench.done("embed", ["image"], { batch: { id: "b1", index: 0 } });
  expect((await redisKeys(bench.fleet)).filter((key) => key.includes(":result:"))).toEqual([]);
  await bench.done("embed", ["image"]);
  await bench.done("embed", ["image"], { batch: { id: "b1", index: 1 } });
  expect(bench.runs).toHaveLength(2);
});

test("an erased result answers nobody, and is not kept anywhere else", async () => {
  const bench = await CacheBench.start();
  const { id, result } = await bench.done("embed", ["image"]);
  expect(await bench.jobs.cancel(defaultTenant, id)).toMatchObject({ outcome: "erased" });
  const again = await bench.done("embed", ["image"]);
  expect(bench.runs).toHaveLength(2);
  expect((again.result as AnalysisResult).faces).not.toEqual((result as AnalysisResult).faces);
});

test("a problem is not remembered", async () => {
  const bench = await CacheBench.start();
  const { analyse } = bench;
  bench.analyse = () => Promise.reject(new ProblemError("image_undecodable"));
  expect(await bench.done("embed", ["image"])).toMatchObject({ error: { code: "image_undecodable" } });
  bench.analyse = analyse;
  expect(await bench.done("embed", ["image"])).toMatchObject({ state: "succeeded" });
  expect(bench.runs).toHaveLength(2);
});

/** An inference that waits in its first run; a canceled one lets go. */
function heldInference(bench: CacheBench): { letGo: () => void } {
  const { analyse } = bench;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  bench.analyse = async (bytes, options, call) => {
    await new Promise<void>((resolve, reject) => {
      call.signal?.addEventListener("abort", () => reject(call.signal?.reason));
      void gate.then(resolve);
    });
    return await analyse(bytes, options, call);
  };
  return { letGo };
}

/** How long a job may take to where it waits for another one. */
const settled = () => sleep(300);

test("jobs for the same at the same time are run once", async () => {
  const bench = await CacheBench.start();
  const { letGo } = heldInference(bench);
  const ids = await Promise.all([1, 2, 3].map(() => bench.submit("embed", ["image"])));
  await settled();
  letGo();
  const results = (await Promise.all(ids.map((id) => bench.ended(id)))).map(({ result }) => result as AnalysisResult);
  expect(bench.runs).toHaveLength(1);
  expect(new Set(results.map(({ faces }) => JSON.stringify(faces))).size).toBe(1);
  expect(results.map(({ timings }) => timings.batchSize).sort()).toEqual([0, 0, 4]);
  expect(await bench.counted("hit")).toBe(2);
});

test("a job outlives the cancel of the one that it waited for", async () => {
  const bench = await CacheBench.start();
  const { letGo } = heldInference(bench);
  const first = await bench.submit("embed", ["image"]);
  await expect.poll(() => bench.runs.length).toBe(1);
  const second = await bench.submit("embed", ["image"]);
  await settled();
  await bench.jobs.cancel(defaultTenant, first);
  await expect.poll(() => bench.runs.length).toBe(2);
  letGo();
  expect(await bench.ended(second)).toMatchObject({ state: "succeeded" });
  expect(await bench.ended(first)).toMatchObject({ state: "canceled" });
});

test("jobs are run when the cache's Redis is away, and that is logged once in a while", async () => {
  const away = await RedisServer.reserve();
  onTestFinished(() => away.remove());
  const bench = await CacheBench.start({ redisUrl: away.url });
  for (let round = 1; round <= 2; round++) {
    expect(await bench.done("embed", ["image"])).toMatchObject({ state: "succeeded", attempts: 1 });
    expect(bench.runs).toHaveLength(round);
  }
  expect(await bench.counted("miss")).toBe(2);
  const warnings = ["the analysis cache could not be read; the job is run", "the analysis cache could not be written"];
  expect(bench.warnings).toEqual(warnings);
});

describe("a worker on the built-in pack", () => {
  /** A photo's embeddings, of two jobs one after the other, with what the worker and Redis then say. */
  async function embedTwice(settings: Record<string, string>) {
    const fleet = await isolatedFleet(settings);
    const store = createObjectStore(fleet.config);
    const jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger: quiet, store });
    const worker = await startWorker(fleet.config, quiet);
    onTestFinished(async () => {
      await worker.stop("the test is over");
      await store.close();
      await fleet.remove();
    });
    await worker.ready;
    const image = { bucket: store.defaultBucket, key: "photos/two.jpg" };
    await store.put(image, await drawn("twoFaces"), { maxBytes: 20_000_000 });
    const embed = async () => {
      const { job } = await jobs.submit(payload("embed", [{ s3: image }]), { priority: "normal" });
      return (await jobs.waitUntilEnded(defaultTenant, job.id, 30_000))?.result as AnalysisResult;
    };
    const [first, second] = [await embed(), await embed()];
    const metrics = await (await fetch(`${worker.address}/metrics`)).text();
    return { first, second, metrics, keys: await redisKeys(fleet) };
  }

  test("with a cache runs its networks once, and gives the same embeddings to the bit", async () => {
    const { first, second, metrics, keys } = await embedTwice({ ANALYSIS_CACHE_TTL: "60" });
    expect(second.faces).toHaveLength(2);
    expect({ ...second, timings: first.timings }).toEqual(first);
    expect(second.timings).toMatchObject({ decodeMs: 0, detectMs: 0, embedMs: 0, batchSize: 0 });
    expect(metrics).toMatch(/^facefleet_job_stage_seconds_count\{stage="embed"\} 1$/m);
    expect(metrics).toMatch(/^facefleet_analysis_cache_total\{result="hit"\} 1$/m);
    expect(metrics).toMatch(/^facefleet_analysis_cache_total\{result="miss"\} 1$/m);
    expect(keys.filter((key) => key.includes(":result:"))).toHaveLength(1);
  });

  test("has no cache unless told, and keeps nothing for one", async () => {
    const { second, metrics, keys } = await embedTwice({});
    expect(second.timings.batchSize).toBe(1);
    expect(metrics).toMatch(/^facefleet_job_stage_seconds_count\{stage="embed"\} 2$/m);
    expect(metrics).not.toMatch(/^facefleet_analysis_cache_total\{/m);
    expect(keys.filter((key) => key.includes(":result:"))).toEqual([]);
  });
});
