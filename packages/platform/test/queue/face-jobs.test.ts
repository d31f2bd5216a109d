import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, type Job, Job as JobSchema, queueCatalogue } from "@facefleet/contracts";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import type { FaceJobs } from "../../src/queue/index.js";
import { collected, endOf, heldRun, payload, QueueBench, result } from "./queue-bench.js";

const upload = "a".repeat(32);
const withUpload: FaceJobPayload = { ...payload, images: [{ upload }] };

async function submitted(
  bench: QueueBench,
  sent = payload,
): Promise<{ jobs: ReturnType<QueueBench["jobs"]>; id: string }> {
  const jobs = bench.jobs();
  const { job } = await jobs.submit(sent, { priority: "normal" });
  return { jobs, id: job.id };
}

describe("submitting", () => {
  it("answers the queued job as the wire shows it", async () => {
    const jobs = new QueueBench().jobs();
    const { job, created } = await jobs.submit(payload, { priority: "normal" });
    expect(created).toBe(true);
    expect(job).toEqual({
      id: expect.stringMatching(/^j[0-9a-f]{32}$/),
      task: "detect",
      state: "queued",
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      attempts: 0,
      metadata: { album: "summer" },
      links: { self: `/v1/jobs/${job.id}`, events: `/v1/jobs/${job.id}/events` },
    });
    expect(Value.Check(JobSchema, job)).toBe(true);
    expect(await jobs.find(defaultTenant, job.id)).toEqual(job);
  });

  it("gives every job the priority, attempts and clean-up of the catalogue", async () => {
    const bench = new QueueBench();
    const queue = bench.queue();
    for (const priority of ["interactive", "high", "normal", "low"] as const) {
      const { job } = await bench.jobs().submit(payload, { priority, id: `j-${priority}` });
      const queued = await queue.getJob(job.id);
      expect(queued?.opts).toMatchObject({
        priority: queueCatalogue.faces.priorities[priority].first,
        attempts: 3,
        removeOnComplete: true,
        removeOnFail: { age: 604_800 },
      });
    }
    expect(await bench.redis.hget(queue.toKey("meta"), "opts.maxLenEvents")).toBe("10000");
  });

  it("keeps every key in one hash slot", async () => {
    const bench = new QueueBench();
    await submitted(bench);
    const held = heldRun();
    await bench.started({ run: held.run });
    await held.taken;
    held.letGo();
    const keys = await bench.redis.keys("*");
    const ours = keys.filter((key) => key.includes(bench.settings.QUEUE_PREFIX.slice(1, -1)));
    expect(ours.length).toBeGreaterThan(2);
    expect(ours.filter((key) => !key.startsWith(`${bench.settings.QUEUE_PREFIX}:`))).toEqual([]);
  });

  it("counts waiting jobs of every priority", async () => {
    const jobs = new QueueBench().jobs();
    await jobs.submit(payload, { priority: "low" });
    await jobs.submit(payload, { priority: "interactive" });
    expect(await jobs.depth()).toEqual({ waiting: 2, active: 0, delayed: 0 });
  });
});

describe("canceling", () => {
  it("takes a queued job out, for good, and names its uploads", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench, withUpload);
    expect(await jobs.cancel(defaultTenant, id)).toEqual({ outcome: "canceled", uploads: [upload] });
    expect(await jobs.find(defaultTenant, id)).toMatchObject({
      state: "canceled",
      attempts: 0,
      expiresAt: expect.any(String),
    });
    expect(await jobs.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    expect(await jobs.cancel(defaultTenant, id)).toEqual({ outcome: "canceled", uploads: [] });
  });

  it("aborts an active job, tells who waits for it, and discards what it finishes", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench, withUpload);
    const ends: Job[] = [];
    const held = heldRun();
    const onEnd = async (_: unknown, outcome: Job) => void ends.push(outcome);
    await bench.started({ run: held.run, onEnd });
    await held.taken;
    const waiting = bench.jobs().waitUntilEnded(defaultTenant, id, 10_000);
    await sleep(100);
    const start = Date.now();
    expect(await jobs.cancel(defaultTenant, id)).toEqual({ outcome: "canceled", uploads: [upload] });
    expect(await waiting).toMatchObject({ state: "canceled" });
    await held.aborted;
    expect(Date.now() - start).toBeLessThan(1000);
    await eventually(async () => (await jobs.depth()).active === 0);
    expect(ends).toMatchObject([{ id, state: "canceled" }]);
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "canceled" });
    expect(await bench.queue().getJob(id)).toBeUndefined();
  });

  it("discards the result of a job that does not let itself be aborted", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    const ends: Job[] = [];
    let canceled = false;
    await bench.started({
      run: async () => {
        await jobs.cancel(defaultTenant, id);
        canceled = true;
        return result;
      },
      onEnd: async (_, outcome) => void ends.push(outcome),
    });
    await eventually(async () => ends.length > 0);
    expect(canceled).toBe(true);
    expect(ends).toMatchObject([{ state: "canceled" }]);
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "canceled" });
    expect(await jobs.find(defaultTenant, id)).not.toHaveProperty("result");
  });

  it("erases the result of a finished job, twice the same", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    await bench.started();
    await jobs.waitUntilEnded(defaultTenant, id, 5000);
    expect(await jobs.cancel(defaultTenant, id)).toEqual({ outcome: "erased", uploads: [] });
    expect(await jobs.find(defaultTenant, id)).toBeUndefined();
    expect(await jobs.cancel(defaultTenant, id)).toEqual({ outcome: "erased", uploads: [] });
  });

  it("answers many at once alike", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    const answers = await Promise.all(Array.from({ length: 10 }, () => jobs.cancel(defaultTenant, id)));
    expect(new Set(answers.map((answer) => answer?.outcome))).toEqual(new Set(["canceled"]));
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "canceled" });
  });

  it("ends each job one way when it races the worker", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started();
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const { job } = await jobs.submit(payload, { priority: "normal" });
        await sleep(index % 20);
        const answer = await jobs.cancel(defaultTenant, job.id);
        const seen = await jobs.find(defaultTenant, job.id);
        expect(seen?.state).toBe(answer?.outcome === "canceled" ? "canceled" : undefined);
      }),
    );
    await eventually(async () => {
      const { waiting, active, delayed } = await jobs.depth();
      return waiting + active + delayed === 0;
    });
  });

  it("knows nothing of a job that never was", async () => {
    const jobs = new QueueBench().jobs();
    expect(await everythingOf(jobs, defaultTenant, "jnone")).toEqual(nothing);
  });

  it("knows nothing of another tenant's job, queued or ended", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    expect(await everythingOf(jobs, "other", id)).toEqual(nothing);
    await bench.started();
    const ended = await jobs.waitUntilEnded(defaultTenant, id, 5000);
    expect(await everythingOf(jobs, "other", id)).toEqual(nothing);
    expect(await jobs.find(defaultTenant, id)).toEqual(ended);
  });
});

describe("waiting", () => {
  it("answers as soon as the job ends", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    const held = heldRun();
    await bench.started({ run: held.run });
    await held.taken;
    const waiting = jobs.waitUntilEnded(defaultTenant, id, 20_000);
    await sleep(200);
    held.letGo();
    const job = await waiting;
    expect(job).toMatchObject({ id, state: "succeeded" });
    expect(Date.now() - endOf(job!)).toBeLessThan(500);
  });

  it("answers at once when the job has ended already", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    await jobs.cancel(defaultTenant, id);
    const start = Date.now();
    expect(await jobs.waitUntilEnded(defaultTenant, id, 20_000)).toMatchObject({ state: "canceled" });
    expect(Date.now() - start).toBeLessThan(600);
  });

  it("answers the job as it is when the time is over, or when the signal fires", async () => {
    const { jobs, id } = await submitted(new QueueBench());
    const start = Date.now();
    expect(await jobs.waitUntilEnded(defaultTenant, id, 300)).toMatchObject({ state: "queued" });
    expect(Date.now() - start).toBeGreaterThanOrEqual(295);
    expect(await jobs.waitUntilEnded(defaultTenant, id, 20_000, AbortSignal.timeout(100))).toMatchObject({
      state: "queued",
    });
    expect(await jobs.waitUntilEnded(defaultTenant, id, 20_000, AbortSignal.abort())).toMatchObject({
      state: "queued",
    });
    expect(await jobs.waitUntilEnded(defaultTenant, id, 0)).toMatchObject({ state: "queued" });
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  it("notices an end whose message was lost", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await submitted(bench);
    const waiting = jobs.waitUntilEnded(defaultTenant, id, 20_000);
    await sleep(300);
    const outcome = { ...(await jobs.find(defaultTenant, id))!, state: "canceled" };
    await bench.redis.hset(bench.keys.outcome(id), { tenant: defaultTenant, job: JSON.stringify(outcome) });
    await bench.redis.pexpire(bench.keys.outcome(id), 60_000);
    const start = Date.now();
    expect(await waiting).toMatchObject({ state: "canceled" });
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  it("serves five hundred waits with one more connection", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const ids = await Promise.all(
      Array.from({ length: 500 }, async () => (await jobs.submit(payload, { priority: "normal" })).job.id),
    );
    const subscribers = async () => Number((await bench.redis.pubsub("NUMSUB", bench.keys.finishedChannel))[1]);
    const before = await bench.redis.info("clients");
    const waits = ids.map((id) => jobs.waitUntilEnded(defaultTenant, id, 30_000));
    await eventually(async () => (await subscribers()) === 1);
    expect(connections(await bench.redis.info("clients")) - connections(before)).toBeLessThan(20);
    await bench.started({ concurrency: 50 });
    const done = await Promise.all(waits);
    expect(done.filter((job) => job?.state === "succeeded")).toHaveLength(500);
    expect(await subscribers()).toBe(1); // these waits; the worker hears of cancels only
  });
});

const nothing = { find: undefined, wait: undefined, cancel: undefined, retry: undefined, events: [] };

async function everythingOf(jobs: FaceJobs, tenant: string, id: string) {
  return {
    find: await jobs.find(tenant, id),
    wait: await jobs.waitUntilEnded(tenant, id, 5000),
    cancel: await jobs.cancel(tenant, id),
    retry: await jobs.retry(tenant, id),
    events: await collected(jobs.events(tenant, id, AbortSignal.timeout(5000))),
  };
}

function connections(info: string): number {
  return Number(/connected_clients:(\d+)/.exec(info)?.[1]);
}
