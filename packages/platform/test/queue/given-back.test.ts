import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, ProblemError } from "@facefleet/contracts";
import { WaitingError } from "bullmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { JobGivenBack } from "../../src/queue/index.js";
import type { FaceQueueJob } from "../../src/queue/jobs/job/job-view.js";
import { GiveBack } from "../../src/queue/jobs/work/give-back.js";
import { heldRun, payload, QueueBench, type Run, result } from "./queue-bench.js";

const away = new ProblemError("store_unavailable");
const normal = { priority: "normal" } as const;

/** Gives every job back so often, then does it. */
function returning(times: number, options: ConstructorParameters<typeof JobGivenBack>[1] = { delayMs: 1 }) {
  const runs = new Map<string, number>();
  const run: Run = async ({ id }) => {
    const count = (runs.get(id) ?? 0) + 1;
    runs.set(id, count);
    if (count <= times) throw new JobGivenBack(away, options);
    return result;
  };
  return { run, runs };
}

describe("a job that is given back", () => {
  it("goes on later, however often, and no attempt is counted", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { run, runs } = returning(10);
    await bench.started({ run });
    const { job } = await jobs.submit(payload, normal);
    const ended = await jobs.waitUntilEnded(defaultTenant, job.id, 30_000);
    expect(ended).toMatchObject({ state: "succeeded", attempts: 1 });
    expect(runs.get(job.id)).toBe(11);
  });

  it("is so too when what it needed of Redis did not come", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    let runs = 0;
    const run: Run = async () => {
      runs += 1;
      if (runs <= 4) throw new ProblemError("queue_unavailable");
      return result;
    };
    await bench.started({ run });
    const { job } = await jobs.submit(payload, normal);
    const ended = await jobs.waitUntilEnded(defaultTenant, job.id, 30_000);
    expect(ended).toMatchObject({ state: "succeeded", attempts: 1 });
  });

  it("has all its attempts left", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { run, runs } = returning(5);
    const failing: Run = async (job, signal) => {
      await run(job, signal);
      throw new ProblemError("inference_failed");
    };
    await bench.started({ run: failing });
    const { job } = await jobs.submit(payload, normal);
    const ended = await jobs.waitUntilEnded(defaultTenant, job.id, 30_000);
    expect(ended).toMatchObject({ state: "failed", attempts: 3, error: { code: "inference_failed" } });
    expect(runs.get(job.id)).toBe(5 + 3);
  });

  it("has one start taken back, also where Redis is told twice because its answer was lost", async () => {
    const bench = new QueueBench();
    const { redis } = bench;
    const twice = async (...sent: Parameters<typeof redis.eval>) => {
      await redis.eval(...sent);
      return redis.eval(...sent);
    };
    const evalsha = () => Promise.reject(new Error("NOSCRIPT"));
    const toKey = (name: string) => bench.queue().toKey(name);
    const key = toKey("j1");
    await redis.hset(key, { ats: 3 });
    await redis.pexpire(key, 60_000);
    const giveBack = new GiveBack(Object.create(redis, { evalsha: { value: evalsha }, eval: { value: twice } }), toKey);
    const job = { id: "j1", attemptsStarted: 3, moveToWait: async () => 1 } as unknown as FaceQueueJob;
    await expect(giveBack.toOthers(job, "token")).rejects.toThrow(WaitingError);
    expect(await redis.hget(key, "ats")).toBe("2");
  });

  it("counts as having failed once that went on for too long", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { run, runs } = returning(1000, { delayMs: 50, limitMs: 500 });
    await bench.started({ run });
    const { job } = await jobs.submit(payload, normal);
    const ended = await jobs.waitUntilEnded(defaultTenant, job.id, 30_000);
    expect(ended).toMatchObject({ state: "failed", attempts: 3, error: { code: "store_unavailable" } });
    expect(runs.get(job.id)).toBeGreaterThan(4);
  });

  it("may be tried again for as long, when its failure is retried", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const first = await bench.started({ run: returning(1000, { delayMs: 10, limitMs: 50 }).run });
    const { job } = await jobs.submit(payload, normal);
    await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed(), 30_000);
    await first.stop(1000);
    await jobs.retry(defaultTenant, job.id);
    const { run, runs } = returning(5, { delayMs: 1, limitMs: 20_000 });
    await bench.started({ run });
    const ended = await jobs.waitUntilEnded(defaultTenant, job.id, 30_000);
    expect(ended).toMatchObject({ state: "succeeded", attempts: 4 });
    expect(runs.get(job.id)).toBe(6);
  });

  it("goes to another worker at once from one that takes none now", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const first = await bench.started({
      run: async () => {
        await gate;
        throw new JobGivenBack(away);
      },
    });
    const { job } = await jobs.submit(payload, normal);
    await eventually(async () => (await jobs.find(defaultTenant, job.id))?.state === "active");
    await first.partAway("store");
    await bench.started();
    // The other has found nothing to do, and waits to be told.
    await sleep(200);
    letGo();
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 5000)).toMatchObject({
      state: "succeeded",
      attempts: 1,
    });
  });

  it("is not lost when it was canceled meanwhile", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { run } = returning(1000, { delayMs: 20 });
    await bench.started({ run });
    const { job } = await jobs.submit(payload, normal);
    await eventually(async () => (await bench.queue().getJob(job.id))?.isDelayed());
    await jobs.cancel(defaultTenant, job.id);
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "canceled" });
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
    expect(await bench.redis.exists(bench.queue().toKey(job.id))).toBe(0);
  });
});

describe("a worker of which a part is away", () => {
  it("takes nothing until every part is back", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const consumer = await bench.started();
    await consumer.partAway("store");
    await consumer.partAway("engine");
    await consumer.partAway("engine");
    const { job } = await jobs.submit(payload, normal);
    await consumer.partBack("engine");
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 500)).toMatchObject({ state: "queued", attempts: 0 });
    await consumer.partBack("store");
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 5000)).toMatchObject({ state: "succeeded" });
  });
});

describe("a Redis that refuses", () => {
  async function open(settings: Record<string, string>) {
    const server = await RedisServer.start(settings);
    onTestFinished(() => server.remove());
    const bench = new QueueBench(server.url);
    return { server, bench, jobs: bench.jobs() };
  }

  it("to write has the outcome written when it allows it, in the same attempt, and the queue asked every other second", async () => {
    const { server, bench, jobs } = await open({});
    const { run, taken, letGo } = heldRun();
    let taken2 = 0;
    const second: Run = async () => {
      taken2 += 1;
      return result;
    };
    await bench.started({ run: (job, signal) => (job.id === "j-1" ? run(job, signal) : second(job, signal)) });
    await jobs.submit(payload, { ...normal, id: "j-1" });
    await taken;
    const more: FaceJobPayload[] = Array.from({ length: 20 }, () => payload);
    await Promise.all(more.map((one) => jobs.submit(one, normal)));
    await eventually(async () => taken2 === 20);
    await server.command("config", "set", "min-replicas-to-write", "1");
    await expect(jobs.submit(payload, normal)).rejects.toMatchObject({ code: "queue_unavailable" });
    letGo();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.command("info", "commandstats"))?.[1]);
    expect(calls).toBeLessThan(500);
    await server.command("config", "set", "min-replicas-to-write", "0");
    expect(await jobs.waitUntilEnded(defaultTenant, "j-1", 20_000)).toMatchObject({
      state: "succeeded",
      attempts: 1,
    });
    const { job } = await jobs.submit(payload, normal);
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 20_000)).toMatchObject({ state: "succeeded" });
  });
});
