import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, type Job, type JobResult, ProblemError } from "@facefleet/contracts";
import { describe, expect, it, onTestFinished } from "vitest";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { type ObjectStore, resultRef } from "../../src/object-store/index.js";
import { BatchSteps, JobGivenBack, StoredResults } from "../../src/queue/index.js";
import type { Persist } from "../../src/queue/redis/until-redis-answers.js";
import { mostInRedis } from "../../src/queue/results/result-store.js";
import { collected, payload, QueueBench, result, silent } from "./queue-bench.js";

const face = { box: { x: 1, y: 2, width: 3, height: 4 }, confidence: 1, crop: "A".repeat(1000) };
const large: JobResult = { ...result, faces: Array.from({ length: 200 }, () => face) } as JobResult;

const objectsOf = (bench: QueueBench) => readdir(join(bench.folder, ".own", "results")).catch(() => []);

function storedResults(bench: QueueBench): StoredResults {
  const results = new StoredResults(bench.fleet, { logger: silent, store: bench.store });
  return results;
}

async function done(bench: QueueBench, ended: JobResult, asked: FaceJobPayload = payload) {
  const jobs = bench.jobs();
  const consumer = await bench.started({ run: async () => ended });
  const { id } = (await jobs.submit(asked, { priority: "normal" })).job;
  await jobs.waitUntilEnded(asked.tenant, id, 10_000);
  return { jobs, consumer, id };
}

describe("a large result", () => {
  it("is in the object store, and Redis has its address", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await done(bench, large);
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "succeeded", result: large });
    expect(await bench.redis.memory("USAGE", bench.keys.outcome(id))).toBeLessThan(2000);
    const found = await jobs.look(defaultTenant, id);
    expect(found?.job).not.toHaveProperty("result");
    const bytes = Buffer.concat(await collected(jobs.resultBytes(found!.result!)));
    expect(JSON.parse(bytes.toString())).toEqual(large);
    expect(found?.result).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), bytes: bytes.length });
    expect(await objectsOf(bench)).toHaveLength(1);
  });

  it("is whole at any size around the border", async () => {
    const bench = new QueueBench();
    for (const [length, objects] of [
      [mostInRedis - 2, 0],
      [mostInRedis - 1, 1],
    ] as const) {
      const text = JSON.stringify("x".repeat(length));
      const kept = await bench.results.keep(text);
      expect(await bench.results.text(kept)).toBe(text);
      expect(await objectsOf(bench)).toHaveLength(objects);
    }
    const wide = JSON.stringify("\u{1F600}".repeat(mostInRedis));
    expect(await bench.results.text(await bench.results.keep(wide))).toBe(wide);
    const pieces = JSON.stringify("y".repeat(1_300_000));
    const read = await collected(bench.results.bytes(await bench.results.keep(pieces)));
    expect(read.length).toBeGreaterThan(1);
    expect(Buffer.concat(read).toString()).toBe(pieces);
  });

  it("is to be deleted when its job expires", async () => {
    const bench = new QueueBench();
    const results = storedResults(bench);
    const { id } = await done(bench, large, { ...payload, resultTtlSeconds: 1 });
    expect((await results.takeExpired(10)).members).toEqual([]);
    await sleep(1500);
    expect(await bench.redis.exists(bench.keys.outcome(id))).toBe(0);
    const { members, isLeased } = await results.takeExpired(10);
    expect([members, isLeased]).toEqual([await objectsOf(bench), true]);
    expect((await results.takeExpired(10)).members).toEqual([]);
    await results.remove(members[0]!);
    expect(await bench.redis.zcard(bench.keys.results)).toBe(0);
  });

  it("is gone once it is erased, at once", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await done(bench, large);
    expect(await jobs.cancel(defaultTenant, id)).toMatchObject({ outcome: "erased" });
    expect(await objectsOf(bench)).toEqual([]);
    expect(await bench.redis.zcard(bench.keys.results)).toBe(0);
  });

  it("leaves nothing behind when it is not the one that counts", async () => {
    const bench = new QueueBench();
    const job: Job = {
      id: "j1",
      task: "detect",
      state: "succeeded",
      createdAt: "2026-01-01T00:00:00.000Z",
      attempts: 1,
      links: { self: "", events: "" },
      result: large,
    };
    const written = await Promise.all(Array.from({ length: 5 }, () => bench.outcomes.write(job, payload)));
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(await objectsOf(bench)).toHaveLength(1);
    const { result: kept } = (await bench.outcomes.read("j1"))!;
    expect(JSON.parse(await bench.results.text(kept!))).toEqual(large);
    // One that nobody came for, because whoever stored it died, is to be deleted within the hour.
    const orphan = await bench.results.keep(JSON.stringify(large));
    const due = Number(await bench.redis.zscore(bench.keys.results, (orphan as { id: string }).id));
    expect(due).toBeGreaterThan(Date.now());
    expect(due).toBeLessThan(Date.now() + 3_700_000);
  });

  it.each([
    ["a job", payload],
    ["an item", { ...payload, batch: { id: "b1", index: 0 } }],
  ])("of %s stays when the answer of Redis was lost, and it was told again", async (_, asked) => {
    const bench = new QueueBench();
    const plan = JSON.stringify({ tenant: defaultTenant, task: "detect", source: { items: 1 } });
    await bench.redis.hset(bench.keys.batch("b1"), { plan, state: "active", total: 1, expanded: 1, createdAt: 1 });
    const twice: Persist = async (command) => {
      await command();
      return command();
    };
    const job = { id: "j1", task: "detect", state: "succeeded", createdAt: "", attempts: 1, result: large };
    const written = bench.outcomes.write({ ...job, links: { self: "", events: "" } } as Job, asked, undefined, {
      persist: twice,
    });
    expect(await written).toBe(true);
    expect(await objectsOf(bench)).toHaveLength(1);
  });

  it("that the store cannot take now has its job given back, and no attempt counted", async () => {
    const bench = new QueueBench();
    let isAway = true;
    const store: ObjectStore = Object.create(bench.store, {
      put: {
        value: (...args: Parameters<ObjectStore["put"]>) =>
          isAway ? Promise.reject(new ProblemError("store_unavailable")) : bench.store.put(...args),
      },
    });
    let failures = 0;
    const judge = async (failure: unknown) => {
      failures += 1;
      if (failures === 5) isAway = false;
      return new JobGivenBack(failure as ProblemError, { delayMs: 1 });
    };
    const jobs = bench.jobs();
    await bench.started({ run: async () => large, judge, store });
    const { id } = (await jobs.submit(payload, { priority: "normal" })).job;
    const ended = await jobs.waitUntilEnded(defaultTenant, id, 10_000);
    expect(ended).toMatchObject({ state: "succeeded", attempts: 1, result: large });
    expect([failures, (await objectsOf(bench)).length]).toEqual([5, 1]);
  });

  it("is one object, however often Redis has to be asked for its end", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.remove());
    const bench = new QueueBench(server.url);
    const jobs = bench.jobs();
    const stored: (() => void)[] = [];
    await bench.started({ run: () => new Promise((resolve) => stored.push(() => resolve(large))) });
    const { id } = (await jobs.submit(payload, { priority: "normal" })).job;
    await expect.poll(() => stored.length).toBe(1);
    // Every write is refused.
    await bench.redis.config("SET", "min-replicas-to-write", "1");
    stored[0]?.();
    await sleep(3000);
    await bench.redis.config("SET", "min-replicas-to-write", "0");
    expect(await jobs.waitUntilEnded(defaultTenant, id, 20_000)).toMatchObject({ state: "succeeded", attempts: 1 });
    expect(await objectsOf(bench)).toHaveLength(1);
  });

  it("of a batch's item is a line that stays until its part is stored", async () => {
    const bench = new QueueBench();
    const { redis, keys } = bench;
    const steps = new BatchSteps(bench.fleet);
    const plan = JSON.stringify({ tenant: defaultTenant, task: "detect", source: { items: 1 } });
    await redis.hset(keys.batch("b1"), { plan, state: "active", total: 1, expanded: 1, createdAt: 1 });
    const item: FaceJobPayload = { ...payload, batch: { id: "b1", index: 0 } };
    const job = { id: "b1.0", task: "detect", state: "succeeded", createdAt: "", attempts: 1, result: large };
    expect(await bench.outcomes.write({ ...job, links: { self: "", events: "" } } as Job, item)).toBe(true);
    const record = (await steps.record("b1"))!;
    const [line] = await collected(steps.lines(record));
    expect(JSON.parse(await bench.results.text(line!))).toMatchObject({ index: 0, result: large });
    const stored = line as { id: string; bytes: number };
    expect(await redis.zscore(keys.results, stored.id)).toBe("inf");
    expect(await steps.partStored(record, { bytes: 1000, lines: [stored] })).toBe(true);
    expect(Number(await redis.zscore(keys.results, stored.id))).toBeLessThan(Date.now() + 61_000);
  });
});

describe("a Redis that is full", () => {
  it("takes the end of a job, and hands out what is to be deleted", async () => {
    const server = await RedisServer.start({ "maxmemory-policy": "noeviction" });
    onTestFinished(() => server.remove());
    const bench = new QueueBench(server.url);
    const results = storedResults(bench);
    const jobs = bench.jobs();
    const held: (() => void)[] = [];
    const run = () => new Promise<JobResult>((resolve) => held.push(() => resolve(large)));
    await bench.started({ run });
    const { id } = (await jobs.submit(payload, { priority: "normal" })).job;
    await expect.poll(() => held.length).toBe(1);
    // Less than it holds already.
    await bench.redis.config("SET", "maxmemory", "1mb");
    await expect(jobs.submit(payload, { priority: "normal" })).rejects.toMatchObject({ code: "queue_unavailable" });
    held[0]?.();
    expect(await jobs.waitUntilEnded(defaultTenant, id, 5000)).toMatchObject({ state: "succeeded", result: large });
    expect(await jobs.cancel(defaultTenant, id)).toMatchObject({ outcome: "erased" });
    expect(await objectsOf(bench)).toEqual([]);
    await bench.redis.config("SET", "maxmemory", "0");
    await bench.redis.zadd(bench.keys.results, 1, "over");
    await bench.redis.config("SET", "maxmemory", "1mb");
    await expect(bench.redis.set(`${bench.settings.QUEUE_PREFIX}:x`, "x")).rejects.toThrow("OOM");
    expect(await results.takeExpired(10)).toEqual({ members: ["over"], isLeased: true });
    expect(Number(await bench.redis.zscore(bench.keys.results, "over"))).toBeGreaterThan(Date.now());
  });

  it("whose disk takes nothing hands out what is to be deleted, to whoever asks", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.remove());
    const bench = new QueueBench(server.url);
    const results = storedResults(bench);
    const { store } = bench;
    await store.put(resultRef(store, "over"), Buffer.from("x"), { maxBytes: 1 });
    await bench.redis.zadd(bench.keys.results, 1, "over", Date.now() + 60_000, "not-over");
    // As good as a disk that takes nothing: every write is refused.
    await bench.redis.config("SET", "min-replicas-to-write", "1");
    expect(await results.takeExpired(10)).toEqual({ members: ["over"], isLeased: false });
    await bench.redis.config("SET", "min-replicas-to-write", "0");
  });
});
