import { type Batch, type BatchLine, defaultTenant, type Problem, ProblemError } from "@facefleet/contracts";
import { anyRoom } from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withRedis } from "../apps/api/test/api-rig.js";
import { analysis, embedding, face } from "../apps/api/test/canned-results.js";
import { BatchRig, keyOf, ndjson, photos } from "./support/batch-rig.js";
import { eventually } from "./support/eventually.js";
import { randomFrom, unreliable } from "./support/unreliable.js";

let rig: BatchRig;

beforeEach(async () => {
  rig = await BatchRig.start();
});
afterEach(() => rig.close());

/** Images whose run fails, until they are taken off. */
const failing = new Set<string>();
beforeEach(() => {
  failing.clear();
  rig.run = async ({ payload }) => {
    if (failing.has(keyOf(payload.images[0]!))) throw new ProblemError("bucket_forbidden");
    return analysis([face(0.99)]);
  };
});

function failAt(...indexes: number[]): void {
  for (const index of indexes) failing.add(`${index}.jpg`);
}

async function ofManifest(count: number, more: object = {}): Promise<Batch> {
  const manifest = { s3: { bucket: "photos", key: "list" } };
  const lines = photos(count).map((image, index) => JSON.stringify({ image, id: `no. ${index}` }));
  await rig.storeObject(manifest.s3, lines.join("\n"));
  return rig.submitted({ task: "detect", manifest, ...more });
}

const partsAgain = (id: string) =>
  withRedis(rig.api.config, (redis) => redis.hgetall(`${rig.api.config.QUEUE_PREFIX}:batch:${id}:parts-again`));

const eventOf = async (id: string) => (await rig.api.batches.record(defaultTenant, id))?.event;

describe("a batch that is retried", () => {
  it("runs what failed again, whatever for, and nothing else; all other lines stay", async () => {
    failAt(3, 700);
    await rig.startWorkers();
    const output = { s3: { bucket: "results", prefix: "out" } };
    const { id } = await ofManifest(1030, { output, webhook: { url: "https://example.com/hook" } });
    expect((await rig.ended(id)).counts).toMatchObject({ total: 1030, succeeded: 1028, failed: 2 });
    const [before, event] = [await rig.results(id), await eventOf(id)];
    failing.clear();
    rig.ran.length = 0;
    const again = await rig.retried(id);
    expect(again).toMatchObject({ state: "finished", retries: 1, progress: 1, webhook: { state: "pending" } });
    expect(again.counts).toEqual({ total: 1030, queued: 0, active: 0, succeeded: 1030, failed: 0, canceled: 0 });
    expect(rig.ran.sort()).toEqual(["3.jpg", "700.jpg"]);
    const lines = await rig.results(id);
    for (const index of [3, 700]) {
      expect(before[index]).toMatchObject({ id: `no. ${index}`, state: "failed", error: { code: "bucket_forbidden" } });
      expect(lines[index]).toMatchObject({ index, id: `no. ${index}`, state: "succeeded", result: { faces: [{}] } });
      before[index] = lines[index]!;
    }
    expect(lines).toEqual(before);
    // The copies hold the same; the last part was nobody's business.
    const copies = await Promise.all([0, 1, 2].map((part) => copyOf(id, part)));
    expect(ndjson(copies.join(""))).toEqual(lines);
    expect(Object.keys(await partsAgain(id)).sort()).toEqual(["0", "1"]);
    expect(await eventOf(id)).toMatch(/^e[0-9a-f]{32}$/);
    expect(await eventOf(id)).not.toBe(event);
    expect(await rig.api.jobs.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
  });

  it("shows what has ended while it goes on, and can be retried as often as something fails", async () => {
    failAt(1, 2, 519);
    await rig.startWorkers();
    const { id } = await ofManifest(520);
    await rig.ended(id);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const crowd = analysis(Array.from({ length: 40 }, () => face(0.9, { embedding })));
    rig.run = async ({ payload }) => {
      const key = keyOf(payload.images[0]!);
      if (key === "2.jpg") await held;
      if (key === "519.jpg") throw new ProblemError("image_not_found");
      return crowd;
    };
    expect((await rig.retry(id)).json<Batch>()).toMatchObject({
      state: "active",
      retries: 1,
      counts: { succeeded: 517, failed: 0, queued: 3 },
    });
    await eventually(
      async () => (await rig.look(id)).counts.failed === 1 && (await rig.look(id)).counts.active === 1,
      60_000,
    );
    expect(await rig.look(id)).not.toHaveProperty("finishedAt");
    const lines = await rig.results(id);
    expect(lines.map(({ index }) => index)).toEqual([0, 1, ...Array.from({ length: 517 }, (_, index) => index + 3)]);
    expect(lines[1]?.result).toEqual(crowd);
    expect(lines.at(-1)).toMatchObject({ index: 519, state: "failed", error: { code: "image_not_found" } });
    letGo();
    expect((await rig.ended(id)).counts).toMatchObject({ succeeded: 519, failed: 1 });
    const first = await partsAgain(id);
    rig.run = async () => analysis([]);
    expect(await rig.retried(id)).toMatchObject({ retries: 2, counts: { succeeded: 520, failed: 0 } });
    const all = await rig.results(id);
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 520 }, (_, index) => index));
    expect([all[2]?.result, all[519]?.result]).toEqual([crowd, analysis([])]);
    // What the second part was is deleted within minutes, what it is with the batch.
    const second = await partsAgain(id);
    expect(second["0"]).toBe(first["0"]);
    const due = (address: string) =>
      withRedis(rig.api.config, (redis) =>
        redis.zscore(`${rig.api.config.QUEUE_PREFIX}:results`, address.slice(1).split(" ")[0]!),
      );
    expect(Number(await due(first["1"]!))).toBeLessThan(Date.now() + 61_000);
    expect(Number(await due(second["1"]!))).toBeGreaterThan(Date.now() + 600_000);
  });

  it("is retried once, however many ask at the same time", async () => {
    failAt(0);
    await rig.startWorkers();
    const { id } = await rig.submitted({ task: "detect", items: photos(2) });
    await rig.ended(id);
    const answers = await Promise.all(Array.from({ length: 8 }, () => rig.retry(id)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([202, ...Array(7).fill(409)]);
    expect(await rig.ended(id)).toMatchObject({ retries: 1, counts: { succeeded: 1, failed: 1 } });
    expect(rig.ran.sort()).toEqual(["0.jpg", "0.jpg", "1.jpg"]);
  });

  it("has its items tried again with the uploads that are still there, and names those that are gone", async () => {
    const uploads: string[] = [];
    for (let index = 0; index < 2; index += 1) {
      const id = await rig.api.uploads.newId(defaultTenant);
      await rig.api.uploads.announce(id, { tenant: defaultTenant, bytes: 1 });
      await rig.api.own.upload(id).put(Buffer.from("x"), { maxBytes: 1e6 });
      uploads.push(id);
    }
    const [passing, lasting] = uploads as [string, string];
    rig.run = async ({ payload }) => {
      throw new ProblemError(keyOf(payload.images[0]!) === passing ? "internal_error" : "image_undecodable");
    };
    await rig.startWorkers();
    const { id } = await rig.submitted({ task: "detect", items: uploads.map((upload) => ({ upload })) });
    expect((await rig.ended(id)).counts).toMatchObject({ failed: 2 });
    await eventually(async () => (await rig.api.storedUploads()).length === 1, 60_000);
    expect(await rig.api.storedUploads()).toEqual([passing]);
    rig.run = async ({ payload }) => {
      const upload = keyOf(payload.images[0]!);
      if (!(await rig.api.own.upload(upload).head())) throw new ProblemError("upload_not_found", `No ${upload}`);
      return analysis([]);
    };
    expect((await rig.retried(id)).counts).toMatchObject({ succeeded: 1, failed: 1 });
    const lines = await rig.results(id);
    expect(lines.map(({ state }) => state)).toEqual(["succeeded", "failed"]);
    expect(lines[1]?.error).toMatchObject({ code: "upload_not_found", detail: `No ${lasting}` });
    await eventually(async () => (await rig.api.storedUploads()).length === 0, 60_000);
    expect(await rig.api.registeredUploads()).toEqual([]);
  });

  it("that is canceled meanwhile keeps the failures of what was not tried again", async () => {
    const all = Array.from({ length: 300 }, (_, index) => index);
    failAt(...all.filter((index) => index !== 5));
    // No more than a chunk at a time.
    rig.room = { ...anyRoom, allowance: () => 0 };
    await rig.startWorkers();
    const { id } = await ofManifest(300);
    expect((await rig.ended(id)).counts).toMatchObject({ succeeded: 1, failed: 299 });
    rig.run = (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await rig.retry(id);
    await eventually(async () => (await rig.look(id)).counts.active === 8, 60_000);
    await rig.api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
    const { state, counts } = await rig.ended(id);
    expect([state, counts.total, counts.succeeded]).toEqual(["canceled", 300, 1]);
    expect(counts.failed + counts.canceled).toBe(299);
    expect(counts.canceled).toBeGreaterThanOrEqual(8);
    expect(counts.failed).toBeGreaterThan(100);
    const lines = await rig.results(id);
    expect(lines.map(({ index }) => index)).toEqual(all);
    expect(lines.every(({ image }) => image !== undefined)).toBe(true);
    expect(lines.filter((line) => line.state === "canceled")).toHaveLength(counts.canceled);
    // It is over: erased, nothing of it is left.
    await rig.api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
    expect((await rig.api.inject({ url: `/v1/batches/${id}` })).statusCode).toBe(404);
  });

  it("ends also when somebody has deleted what its results were", async () => {
    failAt(0);
    await rig.startWorkers();
    const { id } = await rig.submitted({ task: "detect", items: photos(2) });
    await rig.ended(id);
    await rig.api.own.batchPart(id, 0).delete();
    failing.clear();
    expect((await rig.retried(id)).counts).toMatchObject({ succeeded: 1, failed: 1 });
    const [line] = await rig.results(id);
    expect(line).toMatchObject({ index: 0, state: "failed", error: { code: "internal_error" } });
  });

  it.each([
    ["has not ended", async () => (await rig.submitted({ task: "detect", items: photos(1) })).id, /at work/],
    [
      "has nothing that failed",
      async () => {
        await rig.startWorkers();
        const { id } = await rig.submitted({ task: "detect", items: photos(1) });
        await rig.ended(id);
        return id;
      },
      /none of this one has failed/,
    ],
    [
      "was canceled",
      async () => {
        const { id } = await rig.submitted({ task: "detect", items: photos(1) });
        await rig.api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
        await rig.startWorkers();
        await rig.ended(id);
        return id;
      },
      /this one is canceled/,
    ],
  ])("is refused when it %s", async (_, make, detail) => {
    const answer = await rig.retry(await make());
    expect(answer.json<Problem>()).toMatchObject({ code: "batch_not_repeatable", status: 409 });
    expect(answer.json<Problem>().detail).toMatch(detail);
  });

  it("is 404 when it never was, is another tenant's, or was erased", async () => {
    expect((await rig.retry(`b${"0".repeat(32)}`)).json<Problem>().code).toBe("batch_not_found");
    failAt(0);
    await rig.startWorkers();
    const { id } = await rig.submitted({ task: "detect", items: photos(1) });
    await rig.ended(id);
    expect(await rig.api.batches.retry("other", id)).toBeUndefined();
    await rig.api.inject({ method: "DELETE", url: `/v1/batches/${id}` });
    expect((await rig.retry(id)).json<Problem>().code).toBe("batch_not_found");
  });
});

it("whatever fails in the middle of a step, each failed item is tried again once, with two workers on the batch", async () => {
  const count = 1100;
  failAt(...Array.from({ length: count }, (_, index) => index).filter((index) => index % 3 === 0 && index > 500));
  const wanted = [...failing];
  await rig.startConsumer();
  const { id } = await ofManifest(count);
  const steps = rig.steps();
  const work = async (seed: number) => {
    const stepper = rig.stepper(unreliable(steps, randomFrom(seed)));
    while ((await rig.look(id)).finishedAt === undefined) {
      await stepper.step(id).catch((error: unknown) => {
        // As the worker does: what is lost, and a Redis that a busy machine is slow to reach, is tried again.
        const isPassing = error instanceof ProblemError && (error.message.startsWith("Lost") || error.retryable);
        if (!isPassing) throw error;
      });
    }
  };
  await Promise.all([work(1), work(2)]);
  const before = await rig.results(id);
  failing.clear();
  rig.ran.length = 0;
  expect((await rig.retry(id)).statusCode).toBe(202);
  await Promise.all([work(3), work(4)]);
  expect((await rig.look(id)).counts).toMatchObject({ total: count, succeeded: count, failed: 0 });
  expect(rig.ran.sort()).toEqual(wanted.sort());
  const lines = await rig.results(id);
  const isSame = (line: BatchLine, index: number) => line.state === "succeeded" && line.index === index;
  expect(lines.every(isSame)).toBe(true);
  expect(lines).toHaveLength(count);
  const untouched = (all: BatchLine[]) => all.filter(({ image }) => !wanted.includes(keyOf(image!)));
  expect(untouched(lines)).toEqual(untouched(before));
});

async function copyOf(id: string, part: number): Promise<string> {
  const key = `out/${id}/part-0000${part}.ndjson`;
  return (await rig.api.store.get({ bucket: "results", key }, { maxBytes: 1e9 })).toString();
}
