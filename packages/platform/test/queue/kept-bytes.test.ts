import { setTimeout as sleep } from "node:timers/promises";
import type { FaceJobPayload, JobResult } from "@facefleet/contracts";
import { ProblemError } from "@facefleet/contracts";
import { describe, expect, it, onTestFinished } from "vitest";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { Batches, BatchSteps, type FaceJobs, QueueSweep, type Room } from "../../src/queue/index.js";
import { EventRecords } from "../../src/queue/webhooks/event-records.js";
import { collected, payload, QueueBench, type Run, result, silent } from "./queue-bench.js";

const tenant = "acme";
const owned: FaceJobPayload = { ...payload, tenant };
const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`name-${i}`, "\u0001".repeat(500)]));
const heavy: FaceJobPayload = { ...owned, metadata, webhook: { url: "https://hooks.test/faces" } };
const failing: Run = () => Promise.reject(new ProblemError("image_not_found"));

/** The sums of the ledger, which are those of its things, or the test fails. */
async function kept({ redis, keys }: QueueBench): Promise<Record<string, number>> {
  const [things, sums] = await Promise.all([redis.hgetall(keys.kept), redis.hgetall(keys.keptBytes)]);
  const added: Record<string, number> = {};
  for (const thing of Object.values(things)) {
    const [bytes = "", owner = ""] = thing.split(" ");
    added[owner] = (added[owner] ?? 0) + Number(bytes);
  }
  expect(Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Number(sum)]))).toEqual(added);
  return added;
}

function sweepOf(bench: QueueBench): QueueSweep {
  const { store } = bench;
  const sweep = new QueueSweep(bench.fleet, { logger: silent, store, onEnd: async () => undefined, graceMs: 0 });
  bench.onClose(() => sweep.stop());
  return sweep;
}

function batchesOf(bench: QueueBench, room?: Room) {
  const batches = new Batches(bench.fleet, { logger: silent, store: bench.store, ...(room && { room }) });
  const steps = new BatchSteps(bench.fleet);
  return { batches, steps };
}

const plan = {
  tenant,
  task: "detect",
  options: payload.options,
  priority: "low",
  source: { items: 3 },
  resultTtlSeconds: 60,
} as const;
const items = ["a", "b", "c"].map((key) => ({ s3: { bucket: "photos", key } }));

/** As a worker does it, to the end. */
async function expanded(steps: BatchSteps, id: string): Promise<void> {
  const record = async () => (await steps.record(id))!;
  await steps.counted(await record(), { total: 3, cursor: "", version: "", isDone: true });
  const images = items.map((image, index) => ({ index, image }));
  expect(await steps.expand(await record(), { items: images, expanded: 3, cursor: "3" })).toBe(true);
}

async function stored(steps: BatchSteps, id: string): Promise<void> {
  const record = async () => (await steps.record(id))!;
  await expect.poll(async () => steps.isPartComplete(await record())).toBe(true);
  expect(await collected(steps.lines(await record()))).toHaveLength(3);
  expect(await steps.partStored(await record(), { bytes: 1000, lines: [] })).toBe(true);
  await steps.finish(await record());
}

async function submitted(jobs: FaceJobs, asked: FaceJobPayload): Promise<string> {
  return (await jobs.submit(asked, { priority: "normal" })).job.id;
}

describe("what a tenant has in Redis", () => {
  it("is counted from the queue to the end, and not at all once it is forgotten", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const sweep = sweepOf(bench);
    const short = { ...owned, resultTtlSeconds: 1 };
    const id = await submitted(jobs, short);
    const queued = await kept(bench);
    expect(queued[tenant]).toBeGreaterThan(JSON.stringify(short).length);
    await bench.started();
    await jobs.waitUntilEnded(tenant, id, 10_000);
    expect((await kept(bench))[tenant]).toBeGreaterThan(1000);
    await sleep(1200);
    await sweep.sweep();
    expect(await kept(bench)).toEqual({});
  });

  it("counts a failed job with what it can be tried again with, and a retry once", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    let run: Run = failing;
    await bench.started({ run: (job, signal) => run(job, signal) });
    const id = await submitted(jobs, heavy);
    await jobs.waitUntilEnded(tenant, id, 10_000);
    const failed = (await kept(bench))[tenant]!;
    expect(failed).toBeGreaterThan(3 * JSON.stringify(metadata).length);
    let letGo = () => {};
    run = () => new Promise((resolve) => (letGo = () => resolve(result)));
    await jobs.retry(tenant, id);
    expect((await kept(bench))[tenant]).toBeLessThan(failed);
    await expect.poll(async () => (await jobs.find(tenant, id))?.state).toBe("active");
    letGo();
    await jobs.waitUntilEnded(tenant, id, 10_000);
    expect((await kept(bench))[tenant]).toBeGreaterThan(0);
    await jobs.cancel(tenant, id);
    // The two events are still to be delivered.
    const events = (await kept(bench))[tenant]!;
    expect(events).toBeLessThan(failed);
  });

  it("counts idempotency keys, events and receivers that want no more, for as long as they last", async () => {
    const bench = new QueueBench();
    const { redis, keys } = bench;
    const jobs = bench.jobs();
    const idempotency = { key: "k", bodyHash: "h" };
    const { job } = await jobs.submit(heavy, { priority: "normal", idempotency });
    await bench.started();
    await jobs.waitUntilEnded(tenant, job.id, 10_000);
    const records = new EventRecords(redis, keys);
    const event = JSON.parse((await redis.lindex(keys.outbox, 0))!);
    await records.accept(event);
    const accepted = (await kept(bench))[tenant]!;
    const record = (await records.find(event.id))!;
    const attempt = { at: new Date().toISOString(), durationMs: 1, outcome: "gone", status: 410 } as const;
    await records.note(record, { state: "disabled", attempt });
    expect((await kept(bench))[tenant]).toBeGreaterThan(accepted);
    // All of it ends by itself; the sweep is told when.
    const ends = await redis.zrange(keys.ended, "0", "-1");
    const kinds = ends.map((member) => member.replace(/^acme\//, "").replace(/e?[0-9a-f]{32,}$/, ""));
    expect(kinds.map((kind) => kind.replace(bench.settings.QUEUE_PREFIX, "")).sort()).toEqual([
      "",
      ":tenant:acme:disabled:",
      "j",
      "key.",
    ]);
    for (const member of ends) await redis.zadd(keys.ended, 1, member);
    await sweepOf(bench).sweep();
    expect(await kept(bench)).toEqual({});
  });

  it("counts a batch with its items and lines, and forgets it with its results", async () => {
    const bench = new QueueBench();
    const { batches, steps } = batchesOf(bench);
    const { batch } = await batches.submit(plan, { items });
    const created = (await kept(bench))[tenant]!;
    await expanded(steps, batch.id);
    const queued = (await kept(bench))[tenant]!;
    expect(queued).toBeGreaterThan(created + 3000);
    await bench.started();
    await stored(steps, batch.id);
    expect((await kept(bench))[tenant]).toBeLessThan(created + 1000);
    await batches.remove(tenant, batch.id);
    expect((await kept(bench))[tenant]).toBeLessThan(1000);
    for (const expired of await steps.takeExpired(10)) await steps.forget(expired);
    expect(await kept(bench)).toEqual({});
  });

  it("forgets what BullMQ has lost", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await submitted(jobs, owned);
    await bench.queue().obliterate({ force: true });
    await sweepOf(bench).sweep();
    expect(await kept(bench)).toEqual({});
  });

  it.each<[string, number, FaceJobPayload, Run]>([
    ["small jobs", 3000, owned, async () => result],
    ["jobs with much metadata and a webhook", 200, heavy, async () => result],
    ["jobs that fail, with much metadata", 200, heavy, failing],
    [
      "jobs with large results",
      300,
      owned,
      async () => ({ ...result, pad: "x".repeat(20_000) }) as unknown as JobResult,
    ],
  ])("is about what it takes, of %s", async (_, count, asked, run) => {
    const server = await RedisServer.start();
    onTestFinished(() => server.remove());
    const bench = new QueueBench(server.url);
    const jobs = bench.jobs();
    const used = async () => {
      // As many as there are at most, whoever's jobs they are of.
      await bench.queue().trimEvents(0);
      return Number(/used_memory_dataset:(\d+)/.exec(await bench.redis.info("memory"))?.[1]);
    };
    // What a queue has whatever is in it.
    await jobs.waitUntilEnded(tenant, await submitted(jobs, owned), 1);
    const [before, counted] = [await used(), (await kept(bench))[tenant]!];
    const ids: string[] = [];
    while (ids.length < count)
      ids.push(...(await Promise.all(Array.from({ length: 50 }, () => submitted(jobs, asked)))));
    const share = async () => ((await kept(bench))[tenant]! - counted) / ((await used()) - before);
    const queued = await share();
    await bench.started({ run, concurrency: 16 });
    for (const id of ids) await jobs.waitUntilEnded(tenant, id, 30_000);
    const ended = await share();
    for (const counted of [queued, ended]) {
      expect(counted).toBeGreaterThan(0.85);
      expect(counted).toBeLessThan(1.6);
    }
  });
});

describe("a tenant's bytes in Redis", () => {
  const tooMuch = { code: "too_much_kept", status: 429 };

  it("are bounded: jobs, batches and keys past it are refused, and fit again later", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { batches } = batchesOf(bench);
    const limits = { priority: "normal", maxKeptBytes: 60_000 } as const;
    const answers = await Promise.allSettled(Array.from({ length: 40 }, () => jobs.submit(owned, limits)));
    const accepted = answers.filter(({ status }) => status === "fulfilled").length;
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(38);
    for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toMatchObject(tooMuch);
    expect((await kept(bench))[tenant]).toBeLessThanOrEqual(60_000);
    const keyed = { ...limits, idempotency: { key: "k", bodyHash: "h" } };
    await expect(jobs.submit({ ...owned, metadata }, keyed)).rejects.toMatchObject(tooMuch);
    await expect(batches.submit(plan, { items, maxKeptBytes: 60_000 })).rejects.toMatchObject(tooMuch);
    expect((await kept(bench))[tenant]).toBeLessThanOrEqual(60_000);
    expect((await jobs.submit({ ...owned, tenant: "other" }, limits)).created).toBe(true);
    const { jobs: listed } = await jobs.list(tenant, { limit: 100 });
    expect(listed).toHaveLength(accepted);
    for (const { id } of listed) await jobs.cancel(tenant, id);
    expect((await jobs.submit(owned, limits)).created).toBe(true);
  });
});
