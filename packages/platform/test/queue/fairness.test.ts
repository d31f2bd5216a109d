import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FacePriority, ProblemError, queueCatalogue } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import type { FaceJobs } from "../../src/queue/index.js";
import { heldRun, payload, QueueBench, type Run, result } from "./queue-bench.js";

async function flood(jobs: FaceJobs, tenant: string, count: number, priority: FacePriority = "normal"): Promise<void> {
  for (let sent = 0; sent < count; sent += 500) {
    const some = Array.from({ length: Math.min(500, count - sent) }, () =>
      jobs.submit({ ...payload, tenant }, { priority }),
    );
    await Promise.all(some);
  }
}

/** The tenants of the jobs in the order that one worker takes them. */
async function orderTaken(bench: QueueBench, count: number): Promise<string[]> {
  const order: string[] = [];
  const run: Run = async (job) => {
    order.push(job.payload.tenant);
    return result;
  };
  await bench.started({ concurrency: 1, run });
  await eventually(async () => order.length === count, 30_000);
  return order;
}

describe("tenants take turns", () => {
  it("so that one job waits behind one turn of the others', whatever they have queued", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await flood(jobs, "busy", 200);
    await flood(jobs, "quiet", 1);
    const order = await orderTaken(bench, 201);
    expect(order.indexOf("quiet")).toBeLessThanOrEqual(16);
  });

  it("so that two with much to do get the same, also when one was first", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await flood(jobs, "first", 320);
    await flood(jobs, "second", 160);
    const order = await orderTaken(bench, 480);
    const share = order.slice(0, 320).filter((tenant) => tenant === "second").length;
    expect(share).toBeGreaterThanOrEqual(144);
  });

  it("so that idling saves up nothing", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await flood(jobs, "late", 1);
    await flood(jobs, "busy", 160);
    const held = heldRun();
    const consumer = await bench.started({ concurrency: 1, run: held.run });
    await held.taken;
    held.letGo();
    await eventually(async () => (await jobs.depth()).waiting === 0);
    await consumer.stop(1000);
    await flood(jobs, "busy", 160);
    await flood(jobs, "late", 160);
    const order = await orderTaken(bench, 320);
    expect(order.slice(0, 160).filter((tenant) => tenant === "late").length).toBeLessThanOrEqual(96);
  });

  it("within a priority: a higher one still goes first, whatever its number", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const queue = bench.queue();
    await flood(jobs, "busy", 400, "high");
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const queued = await Promise.all([queue.getJob(job.id), queue.getPrioritized(0, 500)]);
    const [normal, all] = queued;
    const high = all.filter(({ id }) => id !== job.id).map(({ opts }) => opts.priority ?? 0);
    expect(normal?.opts.priority).toBe(queueCatalogue.faces.priorities.normal.first);
    expect(Math.max(...high)).toBe(queueCatalogue.faces.priorities.high.first + Math.floor(399 / 16));
  });

  it("and a number never leaves its band", async () => {
    const bench = new QueueBench();
    const { first, last } = queueCatalogue.faces.priorities.normal;
    await flood(bench.jobs(), "busy", 1);
    await bench.redis.hset(bench.keys.turns("normal"), { "*": first, busy: last * 16 });
    const { job } = await bench.jobs().submit({ ...payload, tenant: "busy" }, { priority: "normal" });
    expect((await bench.queue().getJob(job.id))?.opts.priority).toBe(last);
  });

  it("and the numbers begin anew, when nobody waits and they are far up", async () => {
    const bench = new QueueBench();
    const { first, last } = queueCatalogue.faces.priorities.normal;
    const numberAfter = async (furthest: number) => {
      const { job } = await bench.jobs().submit(payload, { priority: "normal" });
      await bench.redis.hset(bench.keys.turns("normal"), { "*": furthest, "+": furthest * 16 });
      await bench.jobs().cancel(defaultTenant, job.id);
      const next = await bench.jobs().submit({ ...payload, tenant: "other" }, { priority: "normal" });
      await bench.jobs().cancel("other", next.job.id);
      const turns = await bench.redis.hget(bench.keys.turns("normal"), "other");
      return Number(turns) / 16;
    };
    expect(await numberAfter(first + 1000)).toBe(first + 1000);
    expect(await numberAfter(last - 1000)).toBe(first);
  });

  it("and a job that is tried again goes to the front, without waiting for another turn", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await flood(jobs, "busy", 100);
    const { job } = await jobs.submit({ ...payload, tenant: "busy" }, { priority: "normal" });
    const queued = async () => (await bench.queue().getJob(job.id))?.priority;
    const { first } = queueCatalogue.faces.priorities.normal;
    expect(await queued()).toBeGreaterThan(first);
    const run: Run = async ({ id, attempt }) => {
      if (id === job.id && attempt === 1) throw new ProblemError("store_unavailable");
      return result;
    };
    await bench.started({ concurrency: 1, run });
    await eventually(async () => (await jobs.depth()).delayed === 1);
    expect(await queued()).toBe(first);
    expect(await jobs.waitUntilEnded("busy", job.id, 10_000)).toMatchObject({ state: "succeeded", attempts: 2 });
  });
});

describe("a tenant's 20,000 queued jobs", () => {
  it("delay another tenant's one by less than two seconds", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await flood(jobs, "busy", 20_000);
    // 32 at a time, 200 ms each: a worker that would need two minutes for all of them.
    const run: Run = async () => {
      await sleep(200);
      return result;
    };
    await bench.started({ concurrency: 32, run });
    await eventually(async () => (await jobs.depth()).waiting < 19_900);
    const start = Date.now();
    const { job } = await jobs.submit({ ...payload, tenant: "quiet" }, { priority: "normal" });
    expect(await jobs.waitUntilEnded("quiet", job.id, 20_000)).toMatchObject({ state: "succeeded" });
    expect(Date.now() - start).toBeLessThan(2000 + 200);
    expect((await jobs.depth()).waiting).toBeGreaterThan(18_000);
  }, 120_000);
});

describe("a tenant's quota", () => {
  const options = { priority: "normal", maxQueuedJobs: 3 } as const;

  it("refuses the job that is one too many, until another has ended", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => jobs.submit(payload, options)));
    const accepted = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.job.id] : []));
    expect(accepted).toHaveLength(3);
    expect((await jobs.depth()).waiting).toBe(3);
    await expect(jobs.submit(payload, options)).rejects.toMatchObject({ code: "too_many_jobs", status: 429 });
    expect(await jobs.submit({ ...payload, tenant: "other" }, options)).toMatchObject({ created: true });
    await jobs.cancel(defaultTenant, accepted[0]!);
    expect(await jobs.submit(payload, options)).toMatchObject({ created: true });
    await expect(jobs.submit(payload, options)).rejects.toMatchObject({ code: "too_many_jobs" });
  });

  it("lets the same idempotency key try again", async () => {
    const jobs = new QueueBench().jobs();
    const full = { ...options, maxQueuedJobs: 1 };
    const { job } = await jobs.submit(payload, full);
    const idempotent = { ...full, idempotency: { key: "k", bodyHash: "h" } };
    await expect(jobs.submit(payload, idempotent)).rejects.toMatchObject({ code: "too_many_jobs" });
    await jobs.cancel(defaultTenant, job.id);
    expect(await jobs.submit(payload, idempotent)).toMatchObject({ created: true });
  });

  it("counts what a worker ended by itself", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started();
    for (let round = 0; round < 10; round += 1) {
      const { job } = await jobs.submit(payload, { ...options, maxQueuedJobs: 1 });
      await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    }
    expect(await bench.redis.zcard(bench.keys.live(defaultTenant))).toBe(0);
  });
});
