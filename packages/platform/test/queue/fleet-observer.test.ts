import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { FleetObserver } from "../../src/queue/index.js";
import { openFaceQueue } from "../../src/queue/jobs/job/face-queue.js";
import { EventRecords } from "../../src/queue/webhooks/event-records.js";
import { heldRun, payload, QueueBench, result } from "./queue-bench.js";

function open(bench: QueueBench): FleetObserver {
  const observer = new FleetObserver(bench.fleet);
  return observer;
}

it("shows what waits by priority, and since when", async () => {
  const bench = new QueueBench();
  const jobs = bench.jobs();
  const held = heldRun();
  await jobs.submit(payload, { priority: "high" });
  const consumer = await bench.started({ concurrency: 1, run: held.run });
  await held.taken;
  // Else it would take a job beyond its slots for whoever waits.
  await consumer.partAway("engine");
  await jobs.submit(payload, { priority: "normal" });
  await sleep(1100);
  await jobs.submit({ ...payload, tenant: "other" }, { priority: "normal" });
  await jobs.submit(payload, { priority: "interactive" });
  const fleet = await open(bench).observe();
  expect(fleet).toMatchObject({
    waiting: { interactive: { jobs: 1 }, high: { jobs: 0, oldestSeconds: 0 }, normal: { jobs: 2 }, low: { jobs: 0 } },
    active: 1,
    delayed: 0,
    batches: 0,
    undelivered: { events: 0, oldestSeconds: 0 },
    readyWorkers: 0,
  });
  expect(fleet!.redisBytes.used).toBeGreaterThan(100_000);
  expect(fleet!.waiting.normal.oldestSeconds).toBeGreaterThanOrEqual(1);
  expect(fleet!.waiting.interactive.oldestSeconds).toBeLessThan(1);
  held.letGo();
});

it("sees that a tool of BullMQ has paused the queue, and that the runbook's commands resume it", async () => {
  const bench = new QueueBench();
  const jobs = bench.jobs();
  const observer = open(bench);
  const queue = openFaceQueue(bench.fleet);
  bench.onClose(() => queue.close());
  await bench.started({ run: async () => result });
  expect(await observer.look()).toMatchObject({ paused: false });
  await queue.pause();
  expect([await observer.look(), await jobs.isPaused()]).toMatchObject([{ paused: true }, true]);
  const { job } = await jobs.submit(payload, { priority: "normal" });
  expect(await jobs.depth()).toMatchObject({ waiting: 1, active: 0 });
  await bench.redis.hdel(queue.toKey("meta"), "paused");
  await bench.redis.zadd(queue.toKey("marker"), 0, "0");
  expect(await jobs.waitUntilEnded(payload.tenant, job.id, 20_000)).toMatchObject({ state: "succeeded" });
  expect(await observer.look()).toMatchObject({ paused: false });
});

it("is one process's affair, until that one is not asked any more", async () => {
  const bench = new QueueBench();
  const [first, second] = [open(bench), open(bench)];
  expect(await first.observe()).toBeDefined();
  expect(await second.observe()).toBeUndefined();
  expect(await first.observe()).toBeDefined();
  await bench.redis.del(bench.keys.observer);
  expect(await second.observe()).toBeDefined();
  expect(await first.observe()).toBeUndefined();
});

it("goes on looking at a Redis that is full", async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.remove());
  const bench = new QueueBench(server.url);
  const [holder, other] = [open(bench), open(bench)];
  await holder.observe();
  await bench.redis.config("SET", "maxmemory", "1000");
  await expect(bench.redis.set("a", "b")).rejects.toThrow("OOM");
  expect(await holder.observe()).toMatchObject({ redisBytes: { max: 1000 } });
  expect(await other.observe()).toBeUndefined();
  await bench.redis.del(bench.keys.observer);
  expect(await other.observe()).toMatchObject({ redisBytes: { max: 1000 } });
});

it("counts events from the outbox until they are delivered", async () => {
  const bench = new QueueBench();
  const observer = open(bench);
  const records = new EventRecords(bench.redis, bench.keys);
  const counts = { total: 1, queued: 0, active: 0, succeeded: 1, failed: 0, canceled: 0 };
  const links = { self: "/v1/batches/b1", results: "/v1/batches/b1/results" };
  await records.accept({
    kind: "batch",
    id: `e${"0".repeat(32)}`,
    tenant: "acme",
    url: "https://example.com/hook",
    createdAt: new Date(Date.now() - 60_000).toISOString(),
    data: { id: "b1", task: "detect", state: "finished", counts, links },
  });
  await bench.redis.rpush(bench.keys.outbox, "another");
  const undelivered = async () => (await observer.observe())?.undelivered;
  expect(await undelivered()).toMatchObject({ events: 2, oldestSeconds: expect.closeTo(60, -1) });
  await bench.redis.del(bench.keys.outbox);
  const event = (await records.find(`e${"0".repeat(32)}`))!;
  await records.note(event, { state: "pending", nextAttemptAt: Date.now() + 1000 });
  expect(await undelivered()).toMatchObject({ events: 1 });
  await records.note(event, { state: "delivered" });
  expect(await undelivered()).toEqual({ events: 0, oldestSeconds: 0 });
  await records.resend(event.id);
  expect(await undelivered()).toMatchObject({ events: 2 });
});
