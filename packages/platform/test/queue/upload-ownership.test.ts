import { defaultTenant, ProblemError } from "@facefleet/contracts";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { Batches, type BatchPlan, BatchSteps, QueueSweep, UploadRegistry } from "../../src/queue/index.js";
import { heldRun, payload, QueueBench, type Run, silent } from "./queue-bench.js";

const claim = { tenant: "acme", bytes: 1000 };

const normal = { priority: "normal" } as const;
const upload = "a".repeat(32);
const withUpload = { ...payload, images: [{ upload }] };
const failing =
  (code: "image_undecodable" | "inference_failed"): Run =>
  () =>
    Promise.reject(new ProblemError(code));

function open(bench: QueueBench) {
  const uploads = new UploadRegistry(bench.fleet);
  const batches = new Batches(bench.fleet, { logger: silent, store: bench.store });
  const steps = new BatchSteps(bench.fleet);
  const sweep = new QueueSweep(bench.fleet, {
    logger: silent,
    store: bench.store,
    onEnd: async () => undefined,
    graceMs: 0,
  });
  bench.onClose(() => sweep.stop());
  return { uploads, batches, steps, sweep };
}

/** Lets an hour pass for every upload that nobody holds; returns what is to be deleted then. */
async function afterAnHour(bench: QueueBench, uploads: UploadRegistry): Promise<string[]> {
  for (const id of await bench.redis.zrange(bench.keys.waitingUploads, "0", "-1")) {
    await bench.redis.zadd(bench.keys.waitingUploads, 1, id);
  }
  return uploads.takeDue(1000);
}

const waiting = (bench: QueueBench) => bench.redis.zrange(bench.keys.waitingUploads, "0", "-1");
const held = (bench: QueueBench) => bench.redis.zrange(bench.keys.heldUploads, "0", "-1");

async function failed(bench: QueueBench, id: string, run: Run) {
  const consumer = await bench.started({ run });
  await eventually(async () => (await bench.queue().getJob(id))?.isFailed());
  await consumer.stop(1000);
}

describe("an upload that no job came for", () => {
  it("is to be deleted after an hour by Redis' clock, whatever that of the process says", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    for (const hours of [-2, 0, 2]) {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_600_000 });
      onTestFinished(() => void vi.useRealTimers());
      await uploads.announce(`${hours}`, claim);
      vi.useRealTimers();
      const left = Number(await bench.redis.zscore(bench.keys.waitingUploads, `${hours}`)) - Date.now();
      expect(left).toBeGreaterThan(3_500_000);
      expect(left).toBeLessThanOrEqual(3_601_000);
    }
    expect(await uploads.takeDue(10)).toEqual([]);
    expect((await afterAnHour(bench, uploads)).sort()).toEqual(["-2", "0", "2"]);
  });

  it("is nobody's any more once it is being deleted: it can be neither sent nor named", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    await uploads.announce(upload, claim);
    await afterAnHour(bench, uploads);
    expect(await uploads.announceAgain(upload)).toBe(false);
    const jobs = bench.jobs();
    const [refused, other] = await Promise.allSettled([withUpload, payload].map((one) => jobs.submit(one, normal)));
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "upload_not_found" } });
    expect(other).toMatchObject({ status: "fulfilled" });
    expect((await jobs.depth()).waiting).toBe(1);
    await uploads.remove(upload);
    expect(await uploads.announceAgain(upload)).toBe(true);
  });
});

describe("the upload of a job", () => {
  it("is the job's from the moment on that it is queued, also when it is sent again", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    await uploads.announce(upload, claim);
    await bench.jobs().submit(withUpload, normal);
    expect(await uploads.announceAgain(upload)).toBe(true);
    await uploads.giveUp(upload);
    expect(await waiting(bench)).toEqual([]);
    expect(await afterAnHour(bench, uploads)).toEqual([]);
    expect(await uploads.takeDoomed([upload])).toEqual([]);
  });

  it("is to be deleted with the last of the jobs that name it", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    const jobs = bench.jobs();
    const [first, second] = await Promise.all([jobs.submit(withUpload, normal), jobs.submit(withUpload, normal)]);
    await jobs.cancel(defaultTenant, first.job.id);
    expect(await uploads.takeDoomed([upload])).toEqual([]);
    await bench.started();
    await jobs.waitUntilEnded(defaultTenant, second.job.id, 5000);
    expect(await uploads.takeDoomed([upload])).toEqual([upload]);
    expect(await held(bench)).toEqual([]);
  });

  it("is to be deleted when the job ends, although whoever ended it dies before it does so", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    const { job } = await bench.jobs().submit(withUpload, normal);
    await bench.jobs().cancel(defaultTenant, job.id);
    expect(await uploads.takeDue(10)).toEqual([upload]);
  });

  it.each(["queued", "active"])("is let go by a %s job that is canceled", async (state) => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    const jobs = bench.jobs();
    const { job } = await jobs.submit(withUpload, normal);
    if (state === "active") {
      const { run, taken } = heldRun();
      await bench.started({ run });
      await taken;
    }
    expect(await jobs.cancel(defaultTenant, job.id)).toEqual({ outcome: "canceled", uploads: [upload] });
    expect(await uploads.takeDoomed([upload])).toEqual([upload]);
  });
});

describe("the upload of a job that failed", () => {
  it("goes with it where trying again is of no use", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    const jobs = bench.jobs();
    const { job } = await jobs.submit(withUpload, normal);
    await failed(bench, job.id, failing("image_undecodable"));
    expect(await uploads.takeDoomed([upload])).toEqual([upload]);
    await expect(jobs.retry(defaultTenant, job.id)).rejects.toMatchObject({ code: "job_not_repeatable" });
  });

  it("stays to be tried again with where that may help, and goes when that has ended", async () => {
    const bench = new QueueBench();
    const { uploads, sweep } = open(bench);
    const jobs = bench.jobs();
    const { job } = await jobs.submit(withUpload, normal);
    await failed(bench, job.id, failing("inference_failed"));
    await sweep.sweep();
    expect(await afterAnHour(bench, uploads)).toEqual([]);
    expect(await jobs.retry(defaultTenant, job.id)).toMatchObject({ state: "queued" });
    await bench.started();
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 5000)).toMatchObject({ state: "succeeded" });
    expect(await uploads.takeDoomed([upload])).toEqual([upload]);
    expect(await held(bench)).toEqual([]);
  });

  it("goes when the failure is erased", async () => {
    const bench = new QueueBench();
    const { uploads } = open(bench);
    const jobs = bench.jobs();
    const { job } = await jobs.submit(withUpload, normal);
    await failed(bench, job.id, failing("inference_failed"));
    expect(await jobs.cancel(defaultTenant, job.id)).toEqual({ outcome: "erased", uploads: [upload] });
    expect(await uploads.takeDoomed([upload])).toEqual([upload]);
  });

  it("goes when the failure is forgotten", async () => {
    const bench = new QueueBench();
    const { uploads, sweep } = open(bench);
    const { job } = await bench.jobs().submit({ ...withUpload, resultTtlSeconds: 1 }, normal);
    await failed(bench, job.id, failing("inference_failed"));
    await eventually(async () => {
      await sweep.sweep();
      return (await uploads.takeDoomed([upload])).length === 1;
    });
  });
});

describe("an upload whose job was lost", () => {
  it("is let go by the sweep, and no other", async () => {
    const bench = new QueueBench();
    const { uploads, batches, sweep } = open(bench);
    const jobs = bench.jobs();
    const other = { upload: "b".repeat(32) };
    const { job } = await jobs.submit(withUpload, normal);
    await jobs.submit({ ...payload, images: [other] }, normal);
    await batches.submit(plan(1), { items: [{ upload: "c" }], uploads: ["c"] });
    await bench.redis.del(bench.queue().toKey(job.id));
    await sweep.sweep();
    expect(await uploads.takeDue(10)).toEqual([upload]);
    expect(await held(bench)).toHaveLength(2);
  });
});

function plan(total: number): BatchPlan {
  const { options } = payload;
  const source = { items: total };
  return { tenant: defaultTenant, task: "detect", options, priority: "low", source, resultTtlSeconds: 60 };
}

describe("the uploads of a batch", () => {
  /** A batch whose items name these uploads, of which the first few are queued. */
  async function submitted(bench: QueueBench, named: string[], queued: number) {
    const { batches, steps, uploads, sweep } = open(bench);
    for (const id of new Set(named)) await uploads.announce(id, claim);
    const items = named.map((id) => ({ upload: id }));
    const { batch } = await batches.submit(plan(items.length), { items, uploads: named });
    const record = async () => (await steps.record(batch.id))!;
    await steps.counted(await record(), { total: items.length, cursor: "", version: "", isDone: true });
    const chunk = items.slice(0, queued).map((image, index) => ({ index, image }));
    await steps.expand(await record(), { items: chunk, expanded: queued, cursor: String(queued) });
    return { id: batch.id, batches, steps, uploads, sweep, record };
  }

  it("are the batch's from its submission on, before any of them is queued", async () => {
    const bench = new QueueBench();
    const { uploads } = await submitted(bench, ["a", "b", "c"], 1);
    expect(await waiting(bench)).toEqual([]);
    expect(await afterAnHour(bench, uploads)).toEqual([]);
  });

  it("each go with the last of 40 items that name them", async () => {
    const bench = new QueueBench();
    const other = "b".repeat(32);
    const { uploads } = await submitted(bench, [other, ...Array.from({ length: 40 }, () => upload)], 41);
    const doomed: string[][] = [];
    const run: Run = async () => {
      doomed.push(await uploads.takeDoomed([upload, other]));
      throw new ProblemError("image_undecodable");
    };
    await bench.started({ run, concurrency: 1 });
    await eventually(async () => (await uploads.takeDoomed([upload])).length === 1);
    expect(doomed).toEqual([[], ...Array.from({ length: 40 }, () => [other])]);
    expect(await held(bench)).toEqual([]);
  });

  it("that were never queued go when the batch has been canceled", async () => {
    const bench = new QueueBench();
    const { id, batches, steps, uploads } = await submitted(bench, ["a", "b", "b", "c"], 2);
    await batches.remove(defaultTenant, id);
    for (const jobId of await steps.liveItems(id)) await bench.jobs().cancel(defaultTenant, jobId);
    expect((await uploads.takeDoomed(["a", "b", "c"])).sort()).toEqual(["a"]);
    expect((await steps.releaseUploads(id)).sort()).toEqual(["b", "c"]);
    expect(await steps.releaseUploads(id)).toEqual([]);
    expect((await uploads.takeDoomed(["b", "c"])).sort()).toEqual(["b", "c"]);
    expect(await bench.redis.exists(bench.keys.batchUploads(id))).toBe(0);
  });

  it("are held for as long as it goes on, whatever the sweep finds", async () => {
    const bench = new QueueBench();
    const { id, uploads, sweep } = await submitted(bench, ["a", "b"], 1);
    await sweep.sweep();
    expect(await uploads.takeDue(10)).toEqual([]);
    expect((await held(bench)).sort()).toEqual([`a/${id}`, `b/${id}`]);
  });

  it("that a manifest names are the batch's once it was counted, each page once", async () => {
    const bench = new QueueBench();
    const { batches, steps, uploads } = open(bench);
    await uploads.announce("a", claim);
    const manifest = { s3: { bucket: "photos", key: "list" } };
    const { batch } = await batches.submit({ ...plan(0), source: { manifest } }, { items: [] });
    const record = (await steps.record(batch.id))!;
    const page = { total: 2, cursor: "9", version: "1", uploads: ["a", "a"], isDone: false };
    await steps.counted(record, page);
    await steps.counted(record, page);
    expect(await held(bench)).toEqual([`a/${batch.id}`]);
    expect(await bench.redis.hgetall(bench.keys.batchUploads(batch.id))).toEqual({ a: "2" });
    expect(await afterAnHour(bench, uploads)).toEqual([]);
  });
});
