import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, type Job } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { payload, QueueBench, result } from "./queue-bench.js";

const succeeded: Job = {
  id: "j1",
  task: "detect",
  state: "succeeded",
  createdAt: "2026-01-01T00:00:00.000Z",
  attempts: 1,
  links: { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" },
  result,
};
const { result: _, ...withoutResult } = succeeded;
const written = { tenant: defaultTenant, outcome: withoutResult, result: JSON.stringify(result) };
const canceled: Job = { ...withoutResult, state: "canceled" };

const kept = (resultTtlSeconds: number): FaceJobPayload => ({ ...payload, resultTtlSeconds });

describe("outcomes", () => {
  it("keeps the first outcome and refuses every other", async () => {
    const { outcomes } = new QueueBench();
    expect(await outcomes.write(succeeded, kept(60))).toBe(true);
    expect(await outcomes.write(canceled, kept(60))).toBe(false);
    expect(await outcomes.read("j1")).toEqual(written);
  });

  it("lets one of many writers at the same time win", async () => {
    const { outcomes } = new QueueBench();
    const writes = await Promise.all(Array.from({ length: 20 }, () => outcomes.write(succeeded, kept(60))));
    expect(writes.filter(Boolean)).toHaveLength(1);
  });

  it("expires after its time to live, to the millisecond", async () => {
    const bench = new QueueBench();
    await bench.outcomes.write(succeeded, kept(1));
    expect(await bench.redis.pttl(bench.keys.outcome("j1"))).toBeGreaterThan(950);
    await sleep(900);
    expect(await bench.outcomes.read("j1")).toEqual(written);
    await sleep(150);
    expect(await bench.outcomes.read("j1")).toBeUndefined();
  });

  it("leaves, where it was erased, a mark that expires with it and cannot be written over", async () => {
    const bench = new QueueBench();
    await bench.outcomes.write(succeeded, kept(100));
    await bench.outcomes.erase(defaultTenant, "j1");
    expect(await bench.outcomes.read("j1")).toEqual({ tenant: defaultTenant, outcome: "erased" });
    expect(await bench.outcomes.write(succeeded, kept(500))).toBe(false);
    expect(await bench.redis.hgetall(bench.keys.outcome("j1"))).toEqual({ tenant: defaultTenant, erased: "1" });
    const left = await bench.redis.pttl(bench.keys.outcome("j1"));
    expect(left).toBeGreaterThan(90_000);
    expect(left).toBeLessThanOrEqual(100_000);
  });

  it("does not make an outcome by erasing none", async () => {
    const { outcomes } = new QueueBench();
    await outcomes.erase(defaultTenant, "j1");
    expect(await outcomes.read("j1")).toBeUndefined();
  });

  it("is followed, once, by all that a job's end must cause", async () => {
    const bench = new QueueBench();
    const { redis, keys, outcomes } = bench;
    await redis.zadd(keys.live("acme"), 1, "j1", 2, "j2");
    await redis.hset(keys.idempotency("digest"), "jobId", "j1");
    await redis.pexpire(keys.idempotency("digest"), 60_000);
    const owned: FaceJobPayload = {
      ...payload,
      tenant: "acme",
      webhook: { url: "https://hooks.test/faces" },
      idempotency: "digest",
    };
    const done = { ...succeeded, metadata: { album: "summer" }, finishedAt: "2026-01-01T00:00:01.000Z" };
    await Promise.all([outcomes.write(done, owned), outcomes.write({ ...done, state: "canceled" }, owned)]);
    expect(await redis.zrange(keys.live("acme"), "0", "-1")).toEqual(["j2"]);
    const { result: _, metadata, ...shape } = done;
    expect(JSON.parse((await redis.hget(keys.idempotency("digest"), "shape"))!)).toEqual(shape);
    const events = await redis.lrange(keys.outbox, 0, -1);
    expect(events.map((event) => JSON.parse(event))).toEqual([
      {
        kind: "job",
        id: expect.stringMatching(/^e[0-9a-f]{32}$/),
        tenant: "acme",
        url: "https://hooks.test/faces",
        createdAt: done.finishedAt,
        data: { id: "j1", task: "detect", state: "succeeded", faces: 0, metadata, links: done.links },
      },
    ]);
  });

  it("is, for an item of a batch, one line and one count, also once the outcome is forgotten", async () => {
    const { redis, keys, outcomes } = new QueueBench();
    await redis.hset(keys.batch("b1"), "state", "active");
    await redis.zadd(keys.batchLive("b1"), 1, "j1");
    const item: FaceJobPayload = { ...payload, batch: { id: "b1", index: 700 } };
    expect(await outcomes.write(succeeded, item)).toBe(true);
    expect(await outcomes.write({ ...succeeded, state: "canceled" }, item)).toBe(false);
    expect(await outcomes.read("j1")).toMatchObject({ outcome: { state: "succeeded" } });
    expect((await outcomes.read("j1"))?.outcome).not.toHaveProperty("result");
    await redis.del(keys.outcome("j1"));
    await outcomes.write({ ...succeeded, state: "canceled" }, item);
    expect(await redis.hgetall(keys.batch("b1"))).toEqual({ state: "active", succeeded: "1" });
    const lines = await redis.hgetall(keys.batchLines("b1", 1));
    expect(Object.keys(lines)).toEqual(["700"]);
    const {
      images: [image],
      metadata,
    } = payload;
    expect(JSON.parse(lines["700"]!)).toEqual({
      index: 700,
      metadata,
      image,
      state: "succeeded",
      result: succeeded.result,
    });
    expect(await redis.zcard(keys.batchLive("b1"))).toBe(0);
    expect(await redis.zcard(keys.ended)).toBe(0);
  });

  it("causes nothing that was not asked for", async () => {
    const bench = new QueueBench();
    await bench.outcomes.write(succeeded, { ...payload, idempotency: "expired" });
    const keys = await bench.redis.keys(`${bench.settings.QUEUE_PREFIX}:*`);
    const { ended, kept, keptBytes } = bench.keys;
    expect(keys.sort()).toEqual([ended, kept, keptBytes, bench.keys.outcome("j1")]);
  });
});
