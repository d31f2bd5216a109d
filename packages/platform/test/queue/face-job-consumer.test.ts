import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, type Job, Job as JobSchema, ProblemError } from "@facefleet/contracts";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { deferred, heldRun, payload, QueueBench, type Run, result } from "./queue-bench.js";

describe("a job", () => {
  it("goes from queued through active, with its stage, to succeeded", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const held = heldRun();
    const ended = deferred<Job>();
    await bench.started({ run: held.run, onEnd: async (_, outcome) => ended.resolve(outcome) });
    const taken = await held.taken;
    expect(taken).toMatchObject({ id: job.id, payload, attempt: 1, createdAt: new Date(job.createdAt) });
    expect(taken.queueMs).toBeGreaterThanOrEqual(0);

    taken.reportStage("analyse");
    const active = await eventually(async () => {
      const seen = await jobs.find(defaultTenant, job.id);
      return seen?.progress && seen;
    });
    expect(active).toMatchObject({ state: "active", progress: { stage: "analyse" }, attempts: 1 });
    expect(active.startedAt).toBeDefined();

    held.letGo();
    const done = await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    expect(done).toMatchObject({ id: job.id, state: "succeeded", result, attempts: 1, metadata: payload.metadata });
    expect(Date.parse(done!.expiresAt!) - Date.parse(done!.finishedAt!)).toBe(600_000);
    expect(Value.Check(JobSchema, done)).toBe(true);
    expect(await ended.promise).toEqual(done);
  });

  it("leaves nothing in Redis but its outcome, which expires", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
    const left = await bench.redis.pttl(bench.keys.outcome(job.id));
    expect(left).toBeGreaterThan(590_000);
    expect(left).toBeLessThanOrEqual(600_000);
    expect(await bench.redis.keys(`${bench.settings.QUEUE_PREFIX}*${job.id}*`)).toEqual([bench.keys.outcome(job.id)]);
  });

  it("is not taken by a worker while a part that it needs is away, and is once that is back", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const held = heldRun();
    const consumer = await bench.started({ concurrency: 1, run: held.run });
    const { job: first } = await jobs.submit(payload, { priority: "normal" });
    await held.taken;
    await consumer.partAway("store");
    const { job: second } = await jobs.submit(payload, { priority: "normal" });
    held.letGo();
    expect(await jobs.waitUntilEnded(defaultTenant, first.id, 5000)).toMatchObject({ state: "succeeded" });
    expect(await jobs.waitUntilEnded(defaultTenant, second.id, 1000)).toMatchObject({ state: "queued" });
    await consumer.partBack("store");
    expect(await jobs.waitUntilEnded(defaultTenant, second.id, 5000)).toMatchObject({ state: "succeeded" });
  });

  it("is taken after a pause that ends before the worker's jobs do", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const held = heldRun();
    const consumer = await bench.started({ concurrency: 2, run: held.run });
    const { job: first } = await jobs.submit(payload, { priority: "normal" });
    await held.taken;
    await consumer.partAway("store");
    await consumer.partBack("store");
    const { job: second } = await jobs.submit(payload, { priority: "normal" });
    await eventually(async () => (await jobs.find(defaultTenant, second.id))?.state === "active");
    held.letGo();
    for (const { id } of [first, second]) {
      expect(await jobs.waitUntilEnded(defaultTenant, id, 5000)).toMatchObject({ state: "succeeded" });
    }
  });

  it("is taken by priority", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    for (const priority of ["low", "normal", "high", "interactive"] as const) {
      await jobs.submit(payload, { priority, id: `j-${priority}` });
    }
    const order: string[] = [];
    await bench.started({
      concurrency: 1,
      run: async ({ id }) => {
        order.push(id);
        return result;
      },
    });
    await eventually(async () => order.length === 4);
    expect(order).toEqual(["j-interactive", "j-high", "j-normal", "j-low"]);
  });

  it("is queued again after a retryable failure, and then succeeds", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const ends: Job[] = [];
    const run: Run = async ({ attempt }) => {
      if (attempt === 1) throw new ProblemError("store_unavailable");
      return result;
    };
    await bench.started({ run, onEnd: async (_, outcome) => void ends.push(outcome) });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const between = await eventually(async () => {
      const seen = await jobs.find(defaultTenant, job.id);
      return seen?.attempts === 1 && seen.state === "queued" && seen;
    });
    expect(between).not.toHaveProperty("error");
    expect(ends).toEqual([]);
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 5000)).toMatchObject({
      state: "succeeded",
      attempts: 2,
    });
    expect(ends).toHaveLength(1);
  });

  it("fails at once, with its problem, when trying again is no use", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    let runs = 0;
    const ended = deferred<Job>();
    const run: Run = async () => {
      runs += 1;
      throw new ProblemError("image_undecodable", "Expected a JPEG but received noise", { cause: new Error("secret") });
    };
    await bench.started({ run, onEnd: async (_, outcome) => ended.resolve(outcome) });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const failed = await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    expect(failed).toMatchObject({
      state: "failed",
      attempts: 1,
      error: { code: "image_undecodable", status: 422, detail: "Expected a JPEG but received noise" },
    });
    expect(await ended.promise).toEqual(failed);
    const queued = await eventually(async () => {
      const seen = await bench.queue().getJob(job.id);
      return (await seen?.isFailed()) && seen;
    });
    expect(JSON.stringify(queued)).not.toContain("secret");
    expect(runs).toBe(1);
  });

  it("fails with its last problem when its attempts are used up", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const run: Run = async ({ attempt }) => {
      throw attempt < 3 ? new Error("boom") : new ProblemError("inference_failed");
    };
    await bench.started({ run });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const failed = await jobs.waitUntilEnded(defaultTenant, job.id, 15_000);
    expect(failed).toMatchObject({ state: "failed", attempts: 3, error: { code: "inference_failed" } });
  });

  it("does not come back when its failure's outcome has expired", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started({ run: () => Promise.reject(new ProblemError("image_undecodable")) });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed());
    await bench.redis.del(bench.keys.outcome(job.id));
    expect(await jobs.find(defaultTenant, job.id)).toBeUndefined();
  });

  it("fails when its payload is not one of ours", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started();
    await bench
      .queue()
      .add("alien", { task: "paint", ...{ images: [] } }, { jobId: "jalien", priority: 1, attempts: 3 });
    const failed = await jobs.waitUntilEnded(defaultTenant, "jalien", 5000);
    expect(failed).toMatchObject({ state: "failed", attempts: 1, error: { code: "invalid_request" } });
  });

  it("of the version before gets the fields that are new", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const seen: unknown[] = [];
    await bench.started({
      run: async (job) => {
        seen.push(job.payload);
        return result;
      },
    });
    const { tenant, ...rest } = payload;
    const { embedding, quality, ...earlier } = payload.options;
    const data = { ...rest, options: earlier } as FaceJobPayload;
    await bench.queue().add("earlier", data, { jobId: "jearlier", priority: 1, removeOnComplete: true });
    expect(await jobs.waitUntilEnded(defaultTenant, "jearlier", 5000)).toMatchObject({ state: "succeeded" });
    expect(seen).toEqual([payload]);
  });

  it("is not run again when it has its outcome", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const done: Job = { ...job, state: "succeeded" };
    await bench.outcomes.write({ ...done, result }, payload);
    let runs = 0;
    const ends: Job[] = [];
    const run: Run = async () => {
      runs += 1;
      return result;
    };
    await bench.started({ run, onEnd: async (_, outcome) => void ends.push(outcome) });
    await eventually(async () => ends.length > 0);
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
    expect(runs).toBe(0);
    expect(ends).toEqual([done]);
  });

  it("ends although the work after its end fails", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started({ onEnd: () => Promise.reject(new Error("no clean-up today")) });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 5000)).toMatchObject({ state: "succeeded" });
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
  });
});

describe("a worker", () => {
  it("takes nothing before it is started", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    bench.consumer();
    await sleep(500);
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "queued" });
  });

  it("holds as many jobs as it was told, and no more", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const gate = deferred<void>();
    let held = 0;
    const run: Run = async () => {
      held += 1;
      await gate.promise;
      return result;
    };
    await bench.started({ concurrency: 3, run });
    const sent = await Promise.all(Array.from({ length: 8 }, () => jobs.submit(payload, { priority: "normal" })));
    await eventually(async () => held === 3);
    await sleep(200);
    expect(held).toBe(3);
    expect(await jobs.depth()).toEqual({ waiting: 5, active: 3, delayed: 0 });
    gate.resolve();
    const done = await Promise.all(sent.map(({ job }) => jobs.waitUntilEnded(defaultTenant, job.id, 5000)));
    expect(done.every((job) => job?.state === "succeeded")).toBe(true);
  });

  it("finishes what it holds before it stops, and takes nothing new", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const held = heldRun();
    const consumer = await bench.started({ concurrency: 1, run: held.run });
    const first = await jobs.submit(payload, { priority: "normal" });
    const second = await jobs.submit(payload, { priority: "normal" });
    await held.taken;
    const stopped = consumer.stop(10_000);
    await sleep(200);
    held.letGo();
    await stopped;
    expect(await jobs.find(defaultTenant, first.job.id)).toMatchObject({ state: "succeeded" });
    expect(await jobs.find(defaultTenant, second.job.id)).toMatchObject({ state: "queued" });
  });

  it("puts back at the deadline what it could not finish, without using up an attempt", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const held = heldRun();
    const consumer = await bench.started({ run: held.run });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await held.taken;
    const start = Date.now();
    await consumer.stop(200);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "queued" });
    await bench.started();
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 5000)).toMatchObject({ state: "succeeded" });
  });

  it("stops soon after its deadline although a job never lets go", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const taken = deferred<void>();
    const run: Run = () => {
      taken.resolve();
      return new Promise(() => undefined);
    };
    const consumer = await bench.started({ run });
    await jobs.submit(payload, { priority: "normal" });
    await taken.promise;
    const start = Date.now();
    await consumer.stop(200);
    expect(Date.now() - start).toBeLessThan(10_000);
  });
});
