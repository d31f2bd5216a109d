import { defaultTenant, ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { payload, QueueBench, type Run, result } from "./queue-bench.js";

const undecodable: Run = () => Promise.reject(new ProblemError("image_undecodable"));

/** A job that has failed, with its worker gone. */
async function failed(bench: QueueBench, sent = payload, run: Run = undecodable) {
  const jobs = bench.jobs();
  const { job } = await jobs.submit(sent, { priority: "high" });
  const consumer = await bench.started({ run });
  await jobs.waitUntilEnded(sent.tenant, job.id, 15_000);
  await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed());
  await consumer.stop(1000);
  return { jobs, id: job.id };
}

describe("retrying a failed job", () => {
  it("queues it under its id, counts attempts on, and it can succeed", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    const again = await jobs.retry(defaultTenant, id);
    expect(again).toMatchObject({ id, state: "queued", attempts: 1, metadata: payload.metadata });
    expect(again).not.toHaveProperty("error");
    expect(await jobs.find(defaultTenant, id)).toEqual(again);
    expect(await bench.redis.zrange(bench.keys.live(defaultTenant), "0", "-1")).toEqual([id]);
    await bench.started();
    expect(await jobs.waitUntilEnded(defaultTenant, id, 5000)).toMatchObject({
      state: "succeeded",
      attempts: 2,
      result,
    });
    expect(await bench.redis.zcard(bench.keys.live(defaultTenant))).toBe(0);
  });

  it("gives it all its attempts again", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    await jobs.retry(defaultTenant, id);
    const run: Run = async ({ attempt }) => {
      if (attempt === 2) throw new ProblemError("store_unavailable");
      return result;
    };
    await bench.started({ run });
    expect(await jobs.waitUntilEnded(defaultTenant, id, 15_000)).toMatchObject({ state: "succeeded", attempts: 3 });
  });

  it("can fail and be retried again", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    await jobs.retry(defaultTenant, id);
    const consumer = await bench.started({ run: undecodable });
    expect(await jobs.waitUntilEnded(defaultTenant, id, 5000)).toMatchObject({ state: "failed", attempts: 2 });
    await eventually(async () => (await bench.queue().getJob(id))?.isFailed());
    await consumer.stop(1000);
    expect(await jobs.retry(defaultTenant, id)).toMatchObject({ state: "queued", attempts: 2 });
  });

  it("happens once when many ask at the same time", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => jobs.retry(defaultTenant, id)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "job_not_failed" });
    }
    expect((await jobs.depth()).waiting).toBe(1);
  });

  it.each(["queued", "succeeded", "canceled"])("is refused for a job that is %s", async (state) => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    if (state === "canceled") await jobs.cancel(defaultTenant, job.id);
    if (state === "succeeded") {
      await bench.started();
      await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    }
    await expect(jobs.retry(defaultTenant, job.id)).rejects.toMatchObject({ code: "job_not_failed", status: 409 });
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state });
  });

  it.each([
    ["its upload is gone", { ...payload, images: [{ upload: "a".repeat(32) }] }],
    ["it is an item of a batch", { ...payload, batch: { id: "b1", index: 0 } }],
  ])("is refused when %s", async (_why, sent) => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench, sent);
    await expect(jobs.retry(defaultTenant, id)).rejects.toMatchObject({ code: "job_not_repeatable", status: 409 });
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "failed" });
  });

  it("keeps to the quota", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    await jobs.submit(payload, { priority: "normal" });
    const retried = jobs.retry(defaultTenant, id, { maxQueuedJobs: 1 });
    await expect(retried).rejects.toMatchObject({ code: "too_many_jobs" });
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "failed" });
  });

  it("takes back a failure that nobody wrote down", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    await forgetOutcome(bench, id);
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "failed", error: { code: "internal_error" } });
    expect(await jobs.retry(defaultTenant, id)).toMatchObject({ state: "queued" });
    await bench.started();
    expect(await jobs.waitUntilEnded(defaultTenant, id, 5000)).toMatchObject({ state: "succeeded" });
  });

  it("is not undone by whoever was about to write the failure down", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    await forgetOutcome(bench, id);
    const seen = (await jobs.find(defaultTenant, id))!;
    await jobs.retry(defaultTenant, id);
    expect(await bench.outcomes.write(seen, payload, undefined, { ifIn: bench.queue().toKey("failed") })).toBe(false);
    expect(await jobs.find(defaultTenant, id)).toMatchObject({ state: "queued" });
  });

  it("is never lost, however many ask while a worker fails it again", async () => {
    const bench = new QueueBench();
    const { jobs, id } = await failed(bench);
    await bench.started({ run: undecodable });
    let taken = 0;
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.allSettled(Array.from({ length: 8 }, () => jobs.retry(defaultTenant, id)));
      for (const answer of answers) {
        if (answer.status === "fulfilled") taken += 1;
        else expect(answer.reason).toMatchObject({ code: "job_not_failed" });
      }
      await jobs.waitUntilEnded(defaultTenant, id, 5000);
    }
    const { attempts, error } = (await jobs.find(defaultTenant, id))!;
    expect(error).toMatchObject({ code: "image_undecodable" });
    expect(attempts).toBe(1 + taken);
    expect(await bench.redis.zcard(bench.keys.live(defaultTenant))).toBe(0);
  });
});

/** As when the job's worker died with it, or could not reach Redis. */
async function forgetOutcome(bench: QueueBench, id: string): Promise<void> {
  await bench.redis.del(bench.keys.outcome(id));
  await bench.redis.hset(bench.queue().toKey(id), "failedReason", "job stalled more than allowable limit");
}
