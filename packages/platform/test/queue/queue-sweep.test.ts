import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { QueueSweep } from "../../src/queue/index.js";
import { payload, QueueBench, silent } from "./queue-bench.js";

function sweepOf(bench: QueueBench) {
  const ended: FaceJobPayload[] = [];
  const onEnd = async (sent: FaceJobPayload) => void ended.push(sent);
  const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd, graceMs: 0 });
  bench.onClose(() => sweep.stop());
  return { sweep, ended };
}

const ids = (bench: QueueBench, key: string) => bench.redis.zrange(key, "0", "-1");

describe("the sweep", () => {
  it("forgets jobs when their outcome expires, and not before", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { sweep } = sweepOf(bench);
    await bench.started({ run: () => Promise.reject(new ProblemError("image_undecodable")) });
    const short = await jobs.submit({ ...payload, resultTtlSeconds: 1 }, { priority: "normal" });
    const long = await jobs.submit(payload, { priority: "normal" });
    for (const { job } of [short, long]) {
      await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
      await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed());
    }
    await sweep.sweep();
    expect(await ids(bench, bench.keys.jobs(defaultTenant))).toContain(short.job.id);
    await eventually(async () => (await jobs.find(defaultTenant, short.job.id)) === undefined);
    await sleep(5);
    await sweep.sweep();
    expect(await ids(bench, bench.keys.jobs(defaultTenant))).toEqual([long.job.id]);
    expect(await ids(bench, bench.keys.ended)).toEqual([`${defaultTenant}/${long.job.id}`]);
    expect(await bench.queue().getJob(short.job.id)).toBeUndefined();
    expect(await bench.queue().getJob(long.job.id)).toBeDefined();
  });

  it("does not forget a job that was retried, when its failure would have expired", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { sweep } = sweepOf(bench);
    const consumer = await bench.started({ run: () => Promise.reject(new ProblemError("image_undecodable")) });
    const { job } = await jobs.submit({ ...payload, resultTtlSeconds: 2 }, { priority: "normal" });
    await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed());
    await consumer.stop(1000);
    await jobs.retry(defaultTenant, job.id);
    await sleep(2100);
    await sweep.sweep();
    expect(await jobs.list(defaultTenant, { limit: 10 })).toMatchObject({ jobs: [{ id: job.id, state: "queued" }] });
  });

  it("leaves live jobs alone, and forgets those that were entered and never queued", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { sweep } = sweepOf(bench);
    const { job } = await jobs.submit(payload, { priority: "normal" });
    for (const key of [bench.keys.live(defaultTenant), bench.keys.jobs(defaultTenant)]) {
      await bench.redis.zadd(key, Date.now() - 1000, "jghost");
    }
    await sweep.sweep();
    expect(await ids(bench, bench.keys.live(defaultTenant))).toEqual([job.id]);
    expect(await ids(bench, bench.keys.jobs(defaultTenant))).toEqual([job.id]);
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "queued" });
  });

  it("does not miss a job that is only just being queued", async () => {
    const bench = new QueueBench();
    const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd: async () => undefined });
    bench.onClose(() => sweep.stop());
    await bench.redis.sadd(bench.keys.tenants, defaultTenant);
    await bench.redis.zadd(bench.keys.live(defaultTenant), Date.now() - 1000, "jyoung");
    await sweep.sweep();
    expect(await ids(bench, bench.keys.live(defaultTenant))).toEqual(["jyoung"]);
  });

  it("writes the end of a job that BullMQ gave up, once, and tells of it", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { sweep, ended } = sweepOf(bench);
    const sent = { ...payload, images: [{ upload: "a".repeat(32) }], webhook: { url: "https://hooks.test" } };
    const consumer = await bench.started({ run: () => Promise.reject(new ProblemError("image_undecodable")) });
    const { job } = await jobs.submit(sent, { priority: "normal" });
    await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed());
    await consumer.stop(1000);
    // As if the worker had died before it could write the outcome.
    await bench.redis.del(bench.keys.outcome(job.id), bench.keys.outbox);
    await bench.redis.hset(bench.queue().toKey(job.id), "failedReason", "job stalled more than allowable limit");
    await bench.redis.zadd(bench.keys.live(defaultTenant), Date.now() - 1000, job.id);
    await sweep.sweep();
    await sweep.sweep();
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "failed", error: { retryable: true } });
    expect(ended).toEqual([sent]);
    expect(await bench.redis.llen(bench.keys.outbox)).toBe(1);
    expect(await ids(bench, bench.keys.live(defaultTenant))).toEqual([]);
  });
});
