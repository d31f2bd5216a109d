import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { defaultTenant, type Job, queueCatalogue } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { payload, QueueBench, type Run, result } from "./queue-bench.js";
import { lockDurationMs, startWorkerProcess } from "./worker-process.js";

/** A worker process that has taken the next job and does not finish it. */
async function takenByOther(bench: QueueBench): Promise<ChildProcess> {
  const child = startWorkerProcess(bench, "hang");
  await once(child, "message", { signal: AbortSignal.timeout(20_000) });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

function counted(): {
  run: Run;
  runs: () => number;
  ends: Job[];
  onEnd: (job: unknown, outcome: Job) => Promise<void>;
} {
  let runs = 0;
  const ends: Job[] = [];
  const run: Run = async () => {
    runs += 1;
    return result;
  };
  return { run, runs: () => runs, ends, onEnd: async (_, outcome) => void ends.push(outcome) };
}

describe("a worker killed in the middle of a job", () => {
  it("has its job finished by another worker, once", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const child = await takenByOther(bench);
    const { run, runs, ends, onEnd } = counted();
    await bench.started({ run, onEnd, lockDurationMs });
    await bench.started({ run, onEnd, lockDurationMs });
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "active" });
    await kill(child);
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 20_000)).toMatchObject({
      state: "succeeded",
      attempts: 2,
    });
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
    expect(runs()).toBe(1);
    expect(ends).toHaveLength(1);
  });

  it("leaves a job that can be canceled, and nobody does it then", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await kill(await takenByOther(bench));
    expect(await jobs.cancel(defaultTenant, job.id)).toMatchObject({ outcome: "canceled" });
    const { run, runs, onEnd } = counted();
    await bench.started({ run, onEnd, lockDurationMs });
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
    expect(runs()).toBe(0);
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "canceled" });
  });

  it("fails its job as worker_lost when that happens too often", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    for (let lost = 0; lost <= queueCatalogue.faces.maxStalls; lost += 1) await kill(await takenByOther(bench));
    const { run, runs, ends, onEnd } = counted();
    await bench.started({ run, onEnd, lockDurationMs });
    const failed = await jobs.waitUntilEnded(defaultTenant, job.id, 20_000);
    expect(failed).toMatchObject({ state: "failed", error: { code: "worker_lost", retryable: true } });
    expect(runs()).toBe(0);
    const written = await eventually(() => bench.outcomes.read(job.id));
    expect(written).toEqual({ tenant: defaultTenant, outcome: failed });
    await eventually(async () => ends.length > 0);
    expect(ends).toEqual([failed]);

    // The same is seen when the last worker died before it could write the outcome.
    await bench.redis.del(bench.keys.outcome(job.id));
    expect(await jobs.find(defaultTenant, job.id)).toEqual(failed);
    expect(await jobs.cancel(defaultTenant, job.id)).toEqual({ outcome: "erased", uploads: [] });
    expect(await jobs.find(defaultTenant, job.id)).toBeUndefined();
  });

  it("does not lose the result that was written before the job was lost", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const child = await takenByOther(bench);
    const done: Job = { ...job, state: "succeeded", attempts: 1, result };
    await bench.outcomes.write(done, payload);
    await kill(child);
    const { run, runs, ends, onEnd } = counted();
    await bench.started({ run, onEnd, lockDurationMs });
    await eventually(async () => (await bench.queue().getJob(job.id)) === undefined);
    expect(runs()).toBe(0);
    // A result may be anywhere, and is not fetched to say that it is there.
    const { result: _, ...end } = done;
    expect(ends).toEqual([end]);
    expect(await jobs.find(defaultTenant, job.id)).toEqual(done);
  });
});
