import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import {
  type Batch,
  type BatchLine,
  type BatchRequest,
  defaultTenant,
  type ImageRef,
  type JobResult,
  type Problem,
  ProblemError,
} from "@facefleet/contracts";
import {
  anyRoom,
  BatchSteps,
  createLogger,
  createMetrics,
  EgressGuard,
  OriginCircuits,
  type Room,
  type RunningJob,
} from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batchResults } from "../apps/api/src/batches/batch-results.js";
import { type ApiRig, startApi, withRedis } from "../apps/api/test/api-rig.js";
import { analysis, embedding, face } from "../apps/api/test/canned-results.js";
import { BatchResults } from "../apps/worker/src/batches/batch-results.js";
import { BatchStepper } from "../apps/worker/src/batches/batch-stepper.js";
import { BatchWorker } from "../apps/worker/src/batches/batch-worker.js";
import { BatchSource } from "../apps/worker/src/batches/sources/batch-source.js";
import { FailedItems } from "../apps/worker/src/batches/sources/failed-items.js";
import { fetchImage } from "../apps/worker/src/images/fetch-image.js";
import { UploadCleanup } from "../apps/worker/src/jobs/upload-cleanup.js";
import { WorkerMetrics } from "../apps/worker/src/metrics.js";
import { eventually } from "./support/eventually.js";
import { randomFrom, unreliable } from "./support/unreliable.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });
const bucket = "photos";
const egress = new EgressGuard();
const hosts = new OriginCircuits({ concurrency: 4 });
const storeWatch = { isAway: false, isOut: async () => false };

let room: Room;
let api: ApiRig;
let workers: BatchWorker[];
let ran: string[];
/** What a worker makes of an image. */
let run: (job: RunningJob, signal: AbortSignal) => Promise<JobResult>;

beforeEach(async () => {
  api = await startApi();
  room = anyRoom;
  workers = [];
  ran = [];
  run = async ({ payload }) => {
    ran.push(keyOf(payload.images[0]!));
    return analysis([face(0.99)]);
  };
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await api.close();
});

function startBatchWorker(): BatchWorker {
  const { redis, store, own, jobs, uploads, results } = api;
  const cleanup = new UploadCleanup(own, uploads, logger);
  const metrics = new WorkerMetrics(createMetrics());
  const parts = { store, own, jobs, uploads, results, room, cleanup, storeWatch, metrics, logger };
  const worker = new BatchWorker(redis, parts);
  workers.push(worker);
  worker.start();
  return worker;
}

const startConsumer = () => api.startWorker((job, signal) => run(job, signal));
const photo = (index: number): ImageRef => ({ s3: { bucket, key: `${index}.jpg` } });
const photos = (count: number) => Array.from({ length: count }, (_, index) => photo(index));

function keyOf(image: ImageRef): string {
  if ("s3" in image) return image.s3.key;
  return "upload" in image ? image.upload : image.url;
}

async function post(request: BatchRequest, headers: Record<string, string> = {}) {
  return api.inject({ method: "POST", url: "/v1/batches", payload: request, headers });
}

async function submitted(request: BatchRequest): Promise<Batch> {
  const answer = await post(request);
  expect(answer.statusCode, answer.body).toBe(202);
  return answer.json<Batch>();
}

async function look(id: string): Promise<Batch> {
  return (await api.inject({ url: `/v1/batches/${id}` })).json<Batch>();
}

async function ended(id: string, milliseconds = 30_000): Promise<Batch> {
  await eventually(async () => (await look(id)).finishedAt !== undefined, milliseconds);
  return look(id);
}

async function results(id: string): Promise<BatchLine[]> {
  const answer = await api.inject({ url: `/v1/batches/${id}/results` });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^application\/x-ndjson/);
  return ndjson(answer.body);
}

function ndjson(text: string): BatchLine[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as BatchLine]));
}

async function storeObject(key: string, text: string, where = bucket): Promise<void> {
  await api.store.put({ bucket: where, key }, Buffer.from(text), { maxBytes: 1e9 });
}

const manifestOf = (images: readonly unknown[]) => images.map((image) => `${JSON.stringify(image)}\n`).join("");

describe("a batch of listed items", () => {
  it("has one line for each item, in their order, failures included", async () => {
    const first = run;
    run = async (job, signal) => {
      if (keyOf(job.payload.images[0]!) === "2.jpg") throw new Error("no");
      return first(job, signal);
    };
    startBatchWorker();
    await startConsumer();
    const batch = await submitted({ task: "embed", items: photos(5), metadata: { album: "summer" } });
    expect(batch).toMatchObject({ state: "queued", counts: { total: 5, queued: 5 }, metadata: { album: "summer" } });
    expect(await ended(batch.id)).toMatchObject({
      state: "finished",
      counts: { total: 5, queued: 0, active: 0, succeeded: 4, failed: 1, canceled: 0 },
      progress: 1,
    });
    const lines = await results(batch.id);
    expect(lines.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(lines.map(({ image }) => image && keyOf(image))).toEqual(photos(5).map(keyOf));
    expect(lines[2]).toMatchObject({ state: "failed", error: { code: "internal_error" } });
    expect(lines[3]).toMatchObject({ state: "succeeded", result: { faces: [{ confidence: 0.99 }] } });
  });

  it("is not read through for HEAD", async () => {
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", items: photos(2) });
    await ended(id);
    const read = vi.spyOn(api.store, "getPart");
    const answer = await api.inject({ method: "HEAD", url: `/v1/batches/${id}/results` });
    expect(answer).toMatchObject({ statusCode: 200, body: "" });
    expect(read).not.toHaveBeenCalled();
    await results(id);
    expect(read).toHaveBeenCalled();
  });

  it("shows what has ended while it goes on", async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    run = async ({ payload }) => {
      if (keyOf(payload.images[0]!) === "3.jpg") await gate;
      return analysis([]);
    };
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", items: photos(4) });
    await eventually(async () => (await look(id)).counts.succeeded === 3);
    expect(await look(id)).toMatchObject({ state: "active", progress: 0.75, counts: { active: 1, queued: 0 } });
    expect((await results(id)).map(({ index }) => index)).toEqual([0, 1, 2]);
    open();
    await ended(id);
    expect(await results(id)).toHaveLength(4);
  });

  it("goes on from the object store for a reader who is so slow that the lines moved there", async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    run = async ({ payload }) => {
      if (keyOf(payload.images[0]!) === "511.jpg") await gate;
      return analysis([face(0.99)]);
    };
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", items: photos(600) });
    await eventually(async () => (await look(id)).counts.succeeded === 599, 60_000);
    const { own, batches } = api;
    const record = (await batches.record(defaultTenant, id))!;
    const reader = batchResults({ batches, own }, record);
    const read = [(await reader.next()).value!, (await reader.next()).value!];
    expect(ndjson(Buffer.concat(read).toString())).toHaveLength(32);
    open();
    await ended(id);
    expect(await batches.lines(id, 0, [511])).toEqual({ stored: "as first stored" });
    for await (const chunk of reader) read.push(chunk);
    const lines = ndjson(Buffer.concat(read).toString());
    expect(lines.map(({ index }) => index)).toEqual(photos(600).map((_, index) => index));
  });

  it("hands uploads over, and deletes them with their items", async () => {
    startBatchWorker();
    const asked = await api.inject({
      method: "POST",
      url: "/v1/uploads",
      payload: { contentType: "image/png", size: 4 },
    });
    const { id, url, headers } = asked.json<{ id: string; url: string; headers: Record<string, string> }>();
    const path = url.slice(new URL(url).origin.length);
    await api.inject({ method: "PUT", url: path, headers, payload: Buffer.alloc(4) });
    const { id: batch } = await submitted({ task: "detect", items: [{ upload: id }] });
    expect(await api.waitingUploads()).toEqual([]);
    expect(await api.storedUploads()).toEqual([id]);
    await startConsumer();
    await ended(batch);
    await eventually(async () => (await api.storedUploads()).length === 0);
  });

  it("is one batch for one idempotency key", async () => {
    const request: BatchRequest = { task: "detect", items: photos(2) };
    const key = { "idempotency-key": "once" };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(request, key)));
    const ids = new Set(answers.map((answer) => answer.json<Batch>().id));
    expect(ids.size).toBe(1);
    expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(9);
    const other = await post({ task: "embed", items: photos(2) }, key);
    expect(other.statusCode).toBe(409);
    startBatchWorker();
    await startConsumer();
    const [id] = [...ids];
    await ended(id!);
    await api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
    const forgotten = await post(request, key);
    expect(forgotten.statusCode).toBe(200);
    expect(forgotten.json<Batch>()).toMatchObject({ id, state: "finished" });
  });
});

describe("a manifest", () => {
  it("is read in steps; a line that is no reference fails alone", async () => {
    const lines = photos(1300).map((image) => JSON.stringify(image));
    lines[7] = "not json";
    lines[8] = '{"s3":{"bucket":"photos"}}';
    lines[1299] = `${JSON.stringify(photo(1299))}\r\n\n`;
    await storeObject("lists/all.ndjson", `\uFEFF${lines.join("\n")}`);
    startBatchWorker();
    await startConsumer();
    const manifest = { s3: { bucket, key: "lists/all.ndjson" } };
    const { id } = await submitted({ task: "detect", manifest });
    expect(await ended(id)).toMatchObject({ state: "finished", counts: { total: 1300, succeeded: 1298, failed: 2 } });
    const found = await results(id);
    expect(found.map(({ index }) => index)).toEqual(Array.from({ length: 1300 }, (_, index) => index));
    expect(found[7]).toMatchObject({ state: "failed", error: { code: "invalid_request" } });
    expect(found[8]?.image).toBeUndefined();
    expect(found[1299]?.image).toEqual(photo(1299));
    expect([...ran].sort()).toEqual(
      photos(1300)
        .filter((_, index) => index !== 7 && index !== 8)
        .map(keyOf)
        .sort(),
    );
  });

  it("is unpacked where it is gzip, and nothing stays of that", async () => {
    const packed = gzipSync(manifestOf(photos(1300)));
    await api.store.put({ bucket, key: "list.gz" }, packed, { maxBytes: 1e9 });
    startBatchWorker();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list.gz" } } });
    await eventually(async () => (await look(id)).state === "active");
    expect(await api.own.batchManifest(id).head()).toMatchObject({ size: manifestOf(photos(1300)).length });
    await startConsumer();
    expect(await ended(id)).toMatchObject({ state: "finished", counts: { total: 1300, succeeded: 1300 } });
    expect((await results(id)).map(({ image }) => image && keyOf(image))).toEqual(photos(1300).map(keyOf));
    expect(await api.own.batchManifest(id).head()).toBeUndefined();
  });

  it.each([
    ["is missing", undefined, "image_not_found"],
    ["has a line without end", "x".repeat(300_000), "batch_source_invalid"],
    ["is a JSON array", JSON.stringify(photos(2)), "batch_source_invalid"],
    ["is CSV", "bucket,key\nphotos,1.jpg\n".repeat(100), "batch_source_invalid"],
  ])("that %s fails the batch and says why", async (_, text, code) => {
    if (text !== undefined) await storeObject("list", text);
    startBatchWorker();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    expect(await ended(id)).toMatchObject({ state: "failed", error: { code }, counts: { total: 0 } });
    expect(await results(id)).toEqual([]);
  });

  it("of more than 100,000 lines is refused before anything is run", async () => {
    await storeObject("list", manifestOf(photos(100_001)));
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    expect(await ended(id)).toMatchObject({ state: "failed", error: { code: "batch_too_large" } });
    expect(ran).toEqual([]);
  });

  it("that changes meanwhile fails the batch; each item has its line", async () => {
    await storeObject("list", manifestOf(photos(6000)));
    startBatchWorker();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    await eventually(async () => (await api.jobs.depth()).waiting === 5120);
    await storeObject("list", manifestOf(photos(6001)));
    await startConsumer();
    const batch = await ended(id);
    expect(batch).toMatchObject({ state: "failed", error: { code: "batch_source_invalid" }, progress: 1 });
    const lines = await results(id);
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: 6000 }, (_, index) => index));
    expect(lines.at(-1)).toEqual({ index: 5999, state: "canceled" });
  });
});

describe("the batches of one tenant", () => {
  it("share what may wait in the queue at once", async () => {
    await storeObject("list", manifestOf(photos(6000)));
    const manifest = { s3: { bucket, key: "list" } };
    for (let count = 0; count < 2; count += 1) await submitted({ task: "detect", manifest });
    startBatchWorker();
    await eventually(async () => (await api.jobs.depth()).waiting === 5120);
    await sleep(1000);
    expect((await api.jobs.depth()).waiting).toBe(5120);
  });

  it("leave room in Redis to its jobs, and go on all the same", async () => {
    // Some 30 items' worth.
    room = { ...anyRoom, allowance: () => 120_000 };
    await storeObject("list", manifestOf(photos(1000)));
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const first = run;
    run = async (job, signal) => held.then(() => first(job, signal));
    startBatchWorker();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    await eventually(async () => (await api.jobs.depth()).waiting > 0);
    await sleep(1500);
    expect((await api.jobs.depth()).waiting).toBeLessThanOrEqual(128);
    await startConsumer();
    letGo();
    expect((await ended(id)).counts).toMatchObject({ total: 1000, succeeded: 1000 });
    expect(await results(id)).toHaveLength(1000);
  });

  it("bring nothing new into a Redis that is nearly full, until it is so no more", async () => {
    const full = { isTight: true, isFull: true, allowance: () => 1e9 };
    room = full;
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", items: photos(3) });
    await sleep(1500);
    expect((await look(id)).counts).toMatchObject({ queued: 3, succeeded: 0 });
    full.isFull = false;
    expect((await ended(id)).counts.succeeded).toBe(3);
  });
});

describe("a prefix", () => {
  it("that cannot be listed holds its batch up, which says why until it goes on", async () => {
    const where = api.store.defaultBucket;
    await storeObject("in/a.jpg", "x", where);
    const list = vi.spyOn(api.store, "list").mockRejectedValue(new ProblemError("store_unavailable", "No list."));
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", prefix: { s3: { bucket: where, prefix: "in/" } } });
    await eventually(async () => (await look(id)).heldUpBy !== undefined);
    expect(await look(id)).toMatchObject({
      state: "queued",
      heldUpBy: { code: "store_unavailable", detail: "No list." },
    });
    list.mockRestore();
    expect((await ended(id)).counts.succeeded).toBe(1);
    expect((await look(id)).heldUpBy).toBeUndefined();
  });

  it("is every object below it, but not the service's own", async () => {
    const where = api.store.defaultBucket;
    for (const key of ["in/a.jpg", "in/b/c.jpg", "in/d.jpg", "out.jpg"]) await storeObject(key, "x", where);
    await storeObject(`uploads/${"0".repeat(32)}`, "x", where);
    startBatchWorker();
    await startConsumer();
    const some = await submitted({ task: "detect", prefix: { s3: { bucket: where, prefix: "in/" } } });
    await ended(some.id);
    expect(ran).toEqual(["in/a.jpg", "in/b/c.jpg", "in/d.jpg"]);
    const all = await submitted({ task: "detect", prefix: { s3: { bucket: where, prefix: "" } } });
    expect((await ended(all.id)).counts).toMatchObject({ total: 4, succeeded: 4 });
    const none = await submitted({ task: "detect", prefix: { s3: { bucket: where, prefix: "nothing/" } } });
    expect(await ended(none.id)).toMatchObject({ state: "finished", progress: 1, counts: { total: 0 } });
  });
});

describe("an output", () => {
  it("gets the same lines, in parts", async () => {
    await storeObject("list", manifestOf(photos(700)));
    startBatchWorker();
    await startConsumer();
    const output = { s3: { bucket: "results", prefix: "mine" } };
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } }, output });
    expect(await ended(id)).toMatchObject({ output });
    const folder = join(api.config.STORE_DIR, "results", "mine", id);
    const parts = (await readdir(folder)).sort();
    expect(parts).toEqual(["part-00000.ndjson", "part-00001.ndjson"]);
    const texts = await Promise.all(parts.map((part) => readFile(join(folder, part), "utf8")));
    expect(ndjson(texts.join(""))).toEqual(await results(id));
  });
});

describe("a batch of uploads", () => {
  async function handedOver(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) {
      const id = await api.uploads.newId(defaultTenant);
      await api.uploads.announce(id, { tenant: defaultTenant, bytes: 1 });
      await api.own.upload(id).put(Buffer.from(id), { maxBytes: 1e6 });
      ids.push(id);
    }
    return ids;
  }

  /** The worker's sweep, as if every upload that waits for a job had done so for an hour. */
  async function sweepAfterAnHour(): Promise<void> {
    await withRedis(api.config, async (redis) => {
      const waiting = `${api.config.QUEUE_PREFIX}:uploads`;
      for (const id of await redis.zrange(waiting, "0", "-1")) await redis.zadd(waiting, 1, id);
    });
    await new UploadCleanup(api.own, api.uploads, logger).sweep();
  }

  beforeEach(() => {
    run = async ({ payload }) => {
      const [image] = payload.images;
      if (!image || !("upload" in image)) throw new Error("Expected an upload");
      const sources = { store: api.store, own: api.own, egress, hosts };
      await fetchImage(sources, image, { tenant: defaultTenant, maxBytes: 1e6 });
      return analysis([]);
    };
  });

  it("has them although its items wait for hours to be queued, and deletes each with the last item of it", async () => {
    const ids = await handedOver(600);
    const rest = await handedOver(1);
    const named = [...ids, ...ids.slice(0, 300), ...Array.from({ length: 40 }, () => rest[0]!)];
    const held = run;
    let letGo: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    run = async (job, signal) => gate.then(() => held(job, signal));
    const batch = await submitted({ task: "detect", items: named.map((id) => ({ upload: id })) });
    await sweepAfterAnHour();
    startBatchWorker();
    await startConsumer();
    await eventually(async () => (await look(batch.id)).counts.active > 0);
    await sweepAfterAnHour();
    letGo?.();
    const { counts } = await ended(batch.id);
    expect(counts).toMatchObject({ total: 940, succeeded: 940, failed: 0 });
    await eventually(async () => (await api.storedUploads()).length === 0);
    expect(await api.registeredUploads()).toEqual([]);
  });

  it("has those that a manifest names, and of a batch that is canceled none stays", async () => {
    const ids = await handedOver(700);
    await storeObject("list", manifestOf(ids.map((id) => ({ upload: id }))));
    run = (_job, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    startBatchWorker();
    await startConsumer();
    await eventually(async () => (await look(id)).counts.active > 0);
    await sweepAfterAnHour();
    expect(await api.storedUploads()).toHaveLength(700);
    await api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
    await ended(id);
    await eventually(async () => (await api.storedUploads()).length === 0);
    expect(await api.registeredUploads()).toEqual([]);
  });
});

describe("results that are too large for Redis", () => {
  it("are lines like others, while the batch goes on and afterwards", async () => {
    const crowd = analysis(Array.from({ length: 40 }, () => face(0.99, { embedding })));
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    run = async ({ payload }) => {
      const index = Number.parseInt(keyOf(payload.images[0]!), 10);
      if (index === 19) await held;
      return index % 3 === 0 ? crowd : analysis([face(0.5)]);
    };
    startBatchWorker();
    await startConsumer();
    const output = { s3: { bucket, prefix: "out" } };
    const { id } = await submitted({ task: "embed", items: photos(20), output });
    await eventually(async () => (await look(id)).counts.succeeded === 19);
    const facesOf = (lines: readonly BatchLine[]) => lines.map(({ result }) => result?.faces.length);
    const expected = Array.from({ length: 19 }, (_, index) => (index % 3 === 0 ? 40 : 1));
    expect(facesOf(await results(id))).toEqual(expected);
    expect(await api.storedResults()).toHaveLength(7);
    letGo();
    await ended(id);
    const lines = await results(id);
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(facesOf(lines)).toEqual([...expected, 1]);
    expect(lines[18]?.result).toEqual(crowd);
    const copy = await api.store.get({ bucket, key: `out/${id}/part-00000.ndjson` }, { maxBytes: 1e9 });
    expect(ndjson(copy.toString())).toEqual(lines);
    // Nobody needs them any more; they are deleted within minutes.
    const due = await withRedis(api.config, (redis) =>
      redis.zrange(`${api.config.QUEUE_PREFIX}:results`, "0", "-1", "WITHSCORES"),
    );
    expect(
      due
        .filter((_, index) => index % 2 === 1)
        .map(Number)
        .every((at) => at < Date.now() + 61_000),
    ).toBe(true);
    expect(due).toHaveLength(14);
  });
});

describe("whatever fails in the middle of a step", () => {
  it("has 10,000 results, none twice, also with two workers on one batch", async () => {
    await storeObject("list", manifestOf(photos(10_000)));
    await startConsumer();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    const { store, own, jobs, uploads } = api;
    const steps = new BatchSteps(api.redis);
    let setbacks = 0;
    const work = async (seed: number) => {
      const flaky = unreliable(steps, randomFrom(seed));
      const source = new BatchSource({ store, own, steps: flaky, uploads });
      const results = new BatchResults({ store, own, steps: flaky, results: api.results });
      const idle = async () => undefined;
      const stepper = new BatchStepper({
        steps: flaky,
        source,
        failedItems: new FailedItems({ steps: flaky, results, source }),
        results,
        jobs,
        room,
        onReleased: idle,
        onQueued: () => undefined,
        onEnd: idle,
      });
      while ((await look(id)).finishedAt === undefined) {
        await stepper.step(id).catch((error: unknown) => {
          if (!(error instanceof ProblemError && error.message.startsWith("Lost"))) throw error;
          setbacks += 1;
        });
      }
    };
    await Promise.all([work(1), work(2)]);
    expect(setbacks).toBeGreaterThan(50);
    expect(await look(id)).toMatchObject({ state: "finished", counts: { total: 10_000, succeeded: 10_000 } });
    const lines = await results(id);
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(ran).toHaveLength(10_000);
    expect(new Set(ran).size).toBe(10_000);
  });
});

describe("DELETE", () => {
  it("cancels what is left, running items too", async () => {
    run = async ({ payload }, signal) => {
      if (Number.parseInt(keyOf(payload.images[0]!), 10) < 3) return analysis([]);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    await storeObject("list", manifestOf(photos(6000)));
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", manifest: { s3: { bucket, key: "list" } } });
    await eventually(async () => (await look(id)).counts.succeeded === 3);
    await eventually(async () => (await look(id)).counts.active === 8);
    expect((await api.inject({ method: "DELETE", url: `/v1/batches/${id}` })).statusCode).toBe(204);
    expect((await look(id)).state).toBe("canceled");
    const batch = await ended(id);
    expect(batch.counts).toEqual({ total: 6000, queued: 0, active: 0, succeeded: 3, failed: 0, canceled: 5997 });
    const lines = await results(id);
    expect(lines).toHaveLength(6000);
    expect(lines.filter(({ state }) => state === "canceled")).toHaveLength(5997);
    await eventually(async () => Object.values(await api.jobs.depth()).every((count) => count === 0));
  });

  it("erases a batch that has ended, at once", async () => {
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", items: photos(3) });
    await ended(id);
    const { bucket: own, key } = await api.own.batchPart(id, 0).ref();
    const stored = () => readdir(join(api.config.STORE_DIR, own), { recursive: true });
    expect(await stored()).toContain(key);
    expect((await api.inject({ method: "DELETE", url: `/v1/batches/${id}` })).statusCode).toBe(204);
    // Not even its folder.
    expect((await stored()).filter((name) => name.includes(id))).toEqual([]);
    for (const url of [`/v1/batches/${id}`, `/v1/batches/${id}/results`]) {
      const answer = await api.inject({ url });
      expect(answer.statusCode).toBe(404);
      expect(answer.json<Problem>().code).toBe("batch_not_found");
    }
    expect((await api.inject({ method: "DELETE", url: `/v1/batches/${id}` })).statusCode).toBe(204);
  });

  it("leaves nothing behind that a worker stores of the batch afterwards", async () => {
    startBatchWorker();
    await startConsumer();
    const { id } = await submitted({ task: "detect", items: photos(1) });
    await ended(id);
    const { batches, redis, store, own } = api;
    const before = { ...(await batches.record(defaultTenant, id))!, stored: 0 };
    await api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
    const steps = new BatchSteps(redis);
    async function* lines() {
      yield "{}";
    }
    const late = Object.assign(Object.create(steps), {
      isPartComplete: async () => true,
      lines,
      partStored: steps.partStored.bind(steps),
    });
    await new BatchResults({ store, own, steps: late, results: api.results }).storeNext(before);
    expect(await own.batchPart(id, 0).head()).toBeUndefined();
  });

  it("is 404 for a batch that never was", async () => {
    for (const id of [`b${"0".repeat(32)}`, "b1", "outbox"]) {
      expect((await api.inject({ method: "DELETE", url: `/v1/batches/${id}` })).statusCode).toBe(404);
    }
  });
});

describe("a request", () => {
  it.each([
    ["no source", { task: "detect" }],
    ["two sources", { task: "detect", items: [photo(1)], prefix: { s3: { bucket, prefix: "" } } }],
    ["no items", { task: "detect", items: [] }],
    ["a task of two images", { task: "verify", items: [photo(1)] }],
    ["an output outside its bucket", { task: "detect", items: [photo(1)], output: { s3: { bucket, prefix: "../" } } }],
    ["an item that is none", { task: "detect", items: [{ s3: { bucket } }] }],
  ])("with %s is refused", async (_, request) => {
    const answer = await post(request as BatchRequest);
    expect(answer.statusCode, answer.body).toBe(400);
    expect(answer.json<Problem>().code).toBe("invalid_request");
  });

  it.each(["out//2026", "x".repeat(256), "photo.jpg", "photo.jpg/2026"])(
    "with an output below %s, which the store cannot hold, is refused",
    async (prefix) => {
      await storeObject("photo.jpg", "x");
      const answer = await post({ task: "detect", items: [photo(1)], output: { s3: { bucket, prefix } } });
      expect(answer.json<Problem>()).toMatchObject({
        code: "invalid_request",
        detail: expect.stringMatching(/^Expected an output /),
      });
    },
  );

  it("may not name the service's own objects", async () => {
    const where = api.store.defaultBucket;
    const requests: BatchRequest[] = [
      { task: "detect", items: [{ s3: { bucket: where, key: "batches/b1/part-00000.ndjson" } }] },
      { task: "detect", manifest: { s3: { bucket: where, key: `uploads/${"0".repeat(32)}` } } },
      { task: "detect", prefix: { s3: { bucket: where, prefix: "uploads/" } } },
      { task: "detect", items: [photo(1)], output: { s3: { bucket: where, prefix: "batches/" } } },
      { task: "detect", items: [photo(1)], output: { s3: { bucket: where, prefix: "uploads" } } },
    ];
    for (const request of requests) {
      const answer = await post(request);
      expect(answer.json<Problem>().code).toBe("bucket_forbidden");
    }
  });
});

describe("the announcement of a batch's end", () => {
  it("shows its attempts and can be sent again, once there is one", async () => {
    const path = (id: string) => `/v1/batches/${id}/webhook-attempts`;
    const silent = await submitted({ task: "detect", items: photos(1) });
    const announced = await submitted({
      task: "detect",
      items: photos(1),
      webhook: { url: "https://example.com/hook" },
    });
    expect((await api.inject({ url: path(silent.id) })).json()).toMatchObject({ code: "webhook_absent" });
    expect((await api.inject({ url: path(announced.id) })).json()).toEqual({ state: "waiting", attempts: [] });
    const early = await api.inject({ method: "POST", url: path(announced.id) });
    expect(early.json()).toMatchObject({ code: "webhook_absent", status: 409 });
    startBatchWorker();
    await startConsumer();
    expect(await ended(announced.id)).toMatchObject({ webhook: { state: "pending", attempts: 0 } });
    const again = await api.inject({ method: "POST", url: path(announced.id) });
    expect(again.statusCode).toBe(202);
    expect(again.json()).toMatchObject({ id: expect.stringMatching(/^e[0-9a-f]{32}$/), state: "pending" });
    const unknown = await api.inject({ url: path(`b${"0".repeat(32)}`) });
    expect(unknown.json()).toMatchObject({ code: "batch_not_found", status: 404 });
  });
});
