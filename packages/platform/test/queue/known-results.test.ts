import { setTimeout as sleep } from "node:timers/promises";
import { type AnalysisResult, defaultTenant, type Job, type JobResult } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { KnownResults } from "../../src/queue/index.js";
import { heldRun, payload, QueueBench, result, silent } from "./queue-bench.js";

const request = { tenant: defaultTenant, digest: "d1" };
const job: Job = {
  id: "j1",
  task: "detect",
  state: "succeeded",
  createdAt: "2026-01-01T00:00:00.000Z",
  attempts: 1,
  links: { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" },
};

function knownResults(bench: QueueBench): KnownResults {
  const known = new KnownResults(bench.fleet, { logger: silent, store: bench.store });
  return known;
}

/** A job that was done by a worker, and is remembered. */
async function done(bench: QueueBench, known: KnownResults) {
  const jobs = bench.jobs();
  await bench.started();
  const { id } = (await jobs.submit(payload, { priority: "normal" })).job;
  await known.remember(request, id, 60);
  await jobs.waitUntilEnded(defaultTenant, id, 10_000);
  return { jobs, id };
}

describe("known results", () => {
  it("are found by the request of the job that has them", async () => {
    const bench = new QueueBench();
    const known = knownResults(bench);
    expect(await known.find(request)).toBeUndefined();
    await done(bench, known);
    expect(await known.find(request)).toEqual(result);
  });

  it("are nobody's but their tenant's, and no other request's", async () => {
    const bench = new QueueBench();
    const known = knownResults(bench);
    await done(bench, known);
    expect(await known.find({ ...request, tenant: "acme" })).toBeUndefined();
    expect(await known.find({ ...request, digest: "d2" })).toBeUndefined();
  });

  it("are unknown once they are erased, and once their job has expired", async () => {
    const bench = new QueueBench();
    const known = knownResults(bench);
    const { jobs, id } = await done(bench, known);
    expect(await jobs.cancel(defaultTenant, id)).toMatchObject({ outcome: "erased" });
    expect(await known.find(request)).toBeUndefined();
    await bench.redis.del(bench.keys.outcome(id));
    expect(await known.find(request)).toBeUndefined();
  });

  it("are unknown while their job runs, and when it is canceled or fails", async () => {
    const bench = new QueueBench();
    const known = knownResults(bench);
    const held = heldRun();
    await bench.started({ run: held.run });
    const jobs = bench.jobs();
    const { id } = (await jobs.submit(payload, { priority: "normal" })).job;
    await held.taken;
    await known.remember(request, id, 60);
    expect(await known.find(request)).toBeUndefined();
    await jobs.cancel(defaultTenant, id);
    expect(await known.find(request)).toBeUndefined();
    const error = { type: "about:blank", title: "No", status: 422, code: "image_undecodable", retryable: false };
    await bench.outcomes.write({ ...job, state: "failed", error } as Job, payload);
    await known.remember(request, job.id, 60);
    expect(await known.find(request)).toBeUndefined();
  });

  it("are forgotten after exactly as long as told, though their job still has them", async () => {
    const bench = new QueueBench();
    const known = knownResults(bench);
    await bench.outcomes.write({ ...job, result }, payload);
    await known.remember(request, job.id, 1);
    expect(await bench.redis.pttl(bench.keys.knownResult(defaultTenant, "d1"))).toBeGreaterThan(950);
    await sleep(900);
    expect(await known.find(request)).toEqual(result);
    await sleep(150);
    expect(await known.find(request)).toBeUndefined();
    expect(await bench.outcomes.read(job.id)).toMatchObject({ result: JSON.stringify(result) });
  });

  it("give embeddings back to the bit", async () => {
    const bench = new QueueBench();
    const known = knownResults(bench);
    const values = Float32Array.from({ length: 512 }, (_, index) => Math.sin(index + 1) / 16);
    const face = { box: { x: 0, y: 0, width: 1, height: 1 }, confidence: 1 };
    const faces = [{ ...face, embedding: Array.from(values, (value) => Number(value.toPrecision(9))) }];
    await bench.outcomes.write({ ...job, result: { ...result, faces } as JobResult }, payload);
    await known.remember(request, job.id, 60);
    const [found] = ((await known.find(request)) as AnalysisResult | undefined)?.faces ?? [];
    expect(Float32Array.from(found?.embedding as number[])).toEqual(values);
  });
});
