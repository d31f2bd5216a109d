import { defaultTenant, type FaceJobPayload, ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { FaceJobs, itemEnds, type JobEnd, QueueSweep } from "../../src/queue/index.js";
import { heldRun, payload, QueueBench, result, silent } from "./queue-bench.js";

/** Two API processes, two workers and a sweep, all of which say in one list what they have ended. */
function processes(bench: QueueBench) {
  const ends: string[] = [];
  const onOutcome = ({ state, error }: JobEnd) => void ends.push(error ? `${state} ${error.code}` : state);
  const jobs = [1, 2].map(
    () => new FaceJobs(bench.process(), { items: itemEnds, logger: silent, store: bench.store, onOutcome }),
  ) as [FaceJobs, FaceJobs];
  const onEnd = async (_: FaceJobPayload) => undefined;
  const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd, onOutcome, graceMs: 0 });
  bench.onClose(() => sweep.stop());
  return { ends, onOutcome, jobs, sweep };
}

describe("the end of a job", () => {
  it("is told by the worker that wrote it", async () => {
    const bench = new QueueBench();
    const { ends, onOutcome, jobs, sweep } = processes(bench);
    const stored: number[] = [];
    const broken = { ...payload, task: "embed" as const };
    const run = async ({ payload: { task } }: { payload: FaceJobPayload }) => {
      if (task === "embed") throw new ProblemError("image_undecodable");
      return result;
    };
    const onStored = (milliseconds: number) => void stored.push(milliseconds);
    for (let worker = 0; worker < 2; worker++) await bench.started({ run, onOutcome, onStored });
    for (const sent of [payload, broken]) {
      const { job } = await jobs[0].submit(sent, { priority: "normal" });
      await jobs[1].waitUntilEnded(defaultTenant, job.id, 10_000);
      await jobs[1].cancel(defaultTenant, job.id);
    }
    await sweep.sweep();
    expect(ends).toEqual(["succeeded", "failed image_undecodable"]);
    expect(stored).toHaveLength(2);
    expect(Math.min(...stored)).toBeGreaterThan(0);
  });

  it("is told by the process that canceled it, of all that tried, also while a worker has it", async () => {
    const bench = new QueueBench();
    const { ends, onOutcome, jobs } = processes(bench);
    const waiting = await jobs[0].submit(payload, { priority: "normal" });
    await Promise.all([...jobs, ...jobs].map((one) => one.cancel(defaultTenant, waiting.job.id)));
    expect(ends).toEqual(["canceled"]);
    const held = heldRun();
    await bench.started({ run: held.run, onOutcome });
    const active = await jobs[0].submit(payload, { priority: "normal" });
    await held.taken;
    await Promise.all(jobs.map((one) => one.cancel(defaultTenant, active.job.id)));
    await held.aborted;
    await eventually(async () => (await bench.queue().getJob(active.job.id)) === undefined);
    expect(ends).toEqual(["canceled", "canceled"]);
  });

  it("is told once of a job that is canceled at the moment when a worker is done", async () => {
    const bench = new QueueBench();
    const { ends, onOutcome, jobs } = processes(bench);
    await bench.started({ run: async () => result, onOutcome });
    const submitted = await Promise.all(
      Array.from({ length: 40 }, () => jobs[0].submit(payload, { priority: "normal" })),
    );
    await Promise.all(submitted.map(({ job }) => jobs[1].cancel(defaultTenant, job.id)));
    await eventually(async () => (await jobs[0].depth()).active === 0);
    expect(ends).toHaveLength(40);
    expect(new Set(ends)).toContain("canceled");
  });

  it("is told by the sweep, of a job that was given up", async () => {
    const bench = new QueueBench();
    const { ends, jobs, sweep } = processes(bench);
    const consumer = await bench.started({ run: () => Promise.reject(new ProblemError("image_undecodable")) });
    const { job } = await jobs[0].submit(payload, { priority: "normal" });
    await jobs[0].waitUntilEnded(defaultTenant, job.id, 5000);
    await eventually(async () => (await bench.queue().getJob(job.id))?.isFailed());
    await consumer.stop(1000);
    // As if the worker had died before it could write the outcome.
    await bench.redis.del(bench.keys.outcome(job.id));
    await bench.redis.hset(bench.queue().toKey(job.id), "failedReason", "job stalled more than allowable limit");
    await bench.redis.zadd(bench.keys.live(defaultTenant), Date.now() - 1000, job.id);
    for (let sweeps = 0; sweeps < 2; sweeps++) await sweep.sweep();
    expect(ends).toEqual(["failed internal_error"]);
  });
});
