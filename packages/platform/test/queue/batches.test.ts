import { defaultTenant, ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { itemJobId } from "../../src/queue/batches/batch-items.js";
import {
  type BatchChunk,
  Batches,
  type BatchPlan,
  BatchSteps,
  type JobEnd,
  QueueSweep,
} from "../../src/queue/index.js";
import { collected, payload, QueueBench, type Run, result, silent } from "./queue-bench.js";

const image = (index: number) => ({ s3: { bucket: "photos", key: `${index}.jpg` } });

const plan: BatchPlan = {
  tenant: defaultTenant,
  task: "detect",
  options: payload.options,
  priority: "low",
  source: { items: 3 },
  resultTtlSeconds: 60,
};

const items = [0, 1, 2].map(image);

function open(bench: QueueBench) {
  const batches = new Batches(bench.fleet, { logger: silent, store: bench.store });
  const steps = new BatchSteps(bench.fleet);
  return { batches, steps };
}

/** A batch of three items, all of them in the queue. */
async function queued(bench: QueueBench) {
  const { batches, steps } = open(bench);
  const { batch } = await batches.submit(plan, { items });
  const record = async () => (await steps.record(batch.id))!;
  await steps.counted(await record(), { total: 3, cursor: "", version: "", isDone: true });
  const chunk = { items: items.map((ref, index) => ({ index, image: ref })), expanded: 3, cursor: "3" };
  const isQueued = await steps.expand(await record(), chunk);
  return { id: batch.id, batches, steps, record, chunk, isQueued };
}

describe("a step of a batch", () => {
  it("is made once, however often it is tried", async () => {
    const bench = new QueueBench();
    const { steps, record, chunk, isQueued } = await queued(bench);
    expect(isQueued).toBe(true);
    const before = { ...(await record()), expanded: 0 };
    expect(await steps.expand(before, chunk)).toBe(false);
    expect((await bench.jobs().depth()).waiting).toBe(3);
  });

  it("queues nothing once the batch is canceled", async () => {
    const bench = new QueueBench();
    const { batches, steps } = open(bench);
    const { batch } = await batches.submit(plan, { items });
    const record = async () => (await steps.record(batch.id))!;
    await steps.counted(await record(), { total: 3, cursor: "", version: "", isDone: true });
    const before = await record();
    await batches.remove(defaultTenant, batch.id);
    expect(await steps.expand(before, { items: [{ index: 0, image: image(0) }], expanded: 1, cursor: "1" })).toBe(
      false,
    );
    expect((await bench.jobs().depth()).waiting).toBe(0);
  });

  it("queues items, fails those that cannot be and hands uploads over at once, or does nothing of it", async () => {
    const bench = new QueueBench();
    const { batches, steps } = open(bench);
    const { batch } = await batches.submit({ ...plan, source: { items: 1000 } }, { items });
    const record = async () => (await steps.record(batch.id))!;
    await steps.counted(await record(), { total: 1000, cursor: "", version: "", isDone: true });
    await bench.redis.zadd(bench.keys.waitingUploads, 1, "mine", 2, "other");
    const chunkFrom = (first: number, count: number): BatchChunk => ({
      items: Array.from({ length: count }, (_, offset) => {
        const index = first + offset;
        return index % 100 === 50 ? { index, error: problem } : { index, image: { upload: "mine" } };
      }),
      expanded: first + count,
      cursor: String(first + count),
    });
    await steps.expand(await record(), chunkFrom(0, 450));
    expect(await bench.redis.zrange(bench.keys.waitingUploads, "0", "-1")).toEqual(["other"]);
    await steps.expand(await record(), chunkFrom(450, 200));
    expect(await record()).toMatchObject({ expanded: 650, failed: 6 });
    expect(Object.keys(await bench.redis.hgetall(bench.keys.batchLines(batch.id, 0)))).toHaveLength(5);
    expect(Object.keys(await bench.redis.hgetall(bench.keys.batchLines(batch.id, 1)))).toEqual(["550"]);
    const before = await record();
    await batches.remove(defaultTenant, batch.id);
    expect(await steps.expand(before, chunkFrom(650, 100))).toBe(false);
    expect(await record()).toMatchObject({ expanded: 650, failed: 6 });
    expect(await steps.liveItems(batch.id)).toHaveLength(644);
  });

  it("stores no part of which lines are gone, because another worker has stored it", async () => {
    const bench = new QueueBench();
    const { id, steps, record } = await queued(bench);
    for (const index of [0, 1, 2]) await steps.failItem(id, itemJobId(id, index), problem);
    const before = await record();
    expect(await collected(steps.lines(before))).toHaveLength(3);
    await steps.partStored(before, { bytes: 1, lines: [] });
    expect(await collected(steps.lines(before))).toHaveLength(3);
    await bench.redis.del(bench.keys.batchLines(id, 0));
    await expect(collected(steps.lines(before))).rejects.toThrow("Expected every line of part 0");
  });

  it("changes nothing of a batch that has ended, and makes none of one that is forgotten", async () => {
    const bench = new QueueBench();
    const { id, steps, record } = await queued(bench);
    for (const index of [0, 1, 2]) await steps.failItem(id, itemJobId(id, index), problem);
    const before = await record();
    await steps.partStored(before, { bytes: 1, lines: [] });
    await steps.finish({ ...before, stored: 1 });
    const ended = await record();
    const late = async () => {
      await steps.partStored(before, { bytes: 1, lines: [] });
      await steps.setback(id, new ProblemError("store_unavailable"));
      await steps.stop(id, new ProblemError("batch_source_invalid"));
      await steps.recovered(id);
    };
    await late();
    expect(await record()).toEqual(ended);
    await bench.redis.del(bench.keys.batch(id));
    await late();
    expect(await bench.redis.exists(bench.keys.batch(id))).toBe(0);
  });

  it("is left to another worker when the lease ends, and to none before", async () => {
    const bench = new QueueBench();
    const { batches, steps } = open(bench);
    const { batch } = await batches.submit(plan, { items });
    expect(await steps.take(4)).toEqual([batch.id]);
    expect(await steps.take(4)).toEqual([]);
    const leaseEnd = Number(await bench.redis.zscore(bench.keys.batches, batch.id));
    expect(leaseEnd - Date.now()).toBeGreaterThan(10_000);
    await steps.release(batch.id, 0);
    expect(await steps.take(4)).toEqual([batch.id]);
  });
});

describe("an item of a batch", () => {
  it("has one line, whoever ends it", async () => {
    const bench = new QueueBench();
    const { id, steps, record } = await queued(bench);
    await steps.failItem(id, itemJobId(id, 1), { ...problem, code: "worker_lost" });
    await bench.started({ run: async () => result });
    await eventually(async () => (await record()).succeeded === 2);
    await eventually(async () => (await bench.jobs().depth()).waiting === 0);
    expect(await record()).toMatchObject({ succeeded: 2, failed: 1, canceled: 0 });
    const lines = await bench.redis.hgetall(bench.keys.batchLines(id, 0));
    expect(Object.keys(lines).sort()).toEqual(["0", "1", "2"]);
    expect(JSON.parse(lines["1"]!)).toMatchObject({ state: "failed", error: { code: "worker_lost" } });
    expect(await steps.isPartComplete(await record())).toBe(true);
  });

  it("has its own id and metadata in its line, however it ends", async () => {
    const bench = new QueueBench();
    const { batches, steps } = open(bench);
    const label = (id: string) => ({ id, metadata: { album: id } });
    const labelledItems = [{ image: image(0), ...label("a") }, { image: image(1), id: "b" }, image(2)];
    const { batch } = await batches.submit(plan, { items: labelledItems });
    const record = async () => (await steps.record(batch.id))!;
    await steps.counted(await record(), { total: 3, cursor: "", version: "", isDone: true });
    const [first, second, third] = await steps.listedItems(batch.id, 0, 3);
    expect([first, second, third]).toEqual([...labelledItems.slice(0, 2), { image: image(2) }]);
    const chunk = [
      { index: 0, ...first! },
      { index: 1, ...second! },
      { index: 2, ...third!, ...label("c"), error: problem },
    ];
    await steps.expand(await record(), { items: chunk, expanded: 3, cursor: "3" });
    const run: Run = async ({ payload: { batch: item } }) => {
      if (item?.index === 1) throw new ProblemError("image_not_found");
      return result;
    };
    await bench.started({ run });
    await eventually(async () => (await record()).succeeded + (await record()).failed === 3);
    const lines = (await collected(steps.lines(await record()))).map((line) => JSON.parse(String(line)));
    expect(lines).toMatchObject([
      { index: 0, image: image(0), ...label("a"), state: "succeeded" },
      { index: 1, image: image(1), id: "b", state: "failed", error: { code: "image_not_found" } },
      { index: 2, image: image(2), ...label("c"), state: "failed" },
    ]);
    expect(lines[1]).not.toHaveProperty("metadata");
  });

  it("that the queue lost, or gave up, is ended by the sweep", async () => {
    const bench = new QueueBench();
    const { id, steps, record } = await queued(bench);
    const queue = bench.queue();
    await queue.remove(`${id}.0`);
    const ends: JobEnd[] = [];
    const onOutcome = (end: JobEnd) => void ends.push(end);
    const onEnd = async () => undefined;
    const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd, onOutcome, graceMs: 0 });
    bench.onClose(() => sweep.stop());
    await sweep.sweep();
    await sweep.sweep();
    expect(await record()).toMatchObject({ failed: 1 });
    expect(ends).toMatchObject([{ task: plan.task, state: "failed", error: { code: "worker_lost" } }]);
    expect(await steps.liveItems(id)).toEqual([`${id}.1`, `${id}.2`]);
  });

  it("counts towards no quota, and is in no list", async () => {
    const bench = new QueueBench();
    await queued(bench);
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal", maxQueuedJobs: 1 });
    expect((await jobs.list(defaultTenant, { limit: 10 })).jobs.map(({ id }) => id)).toEqual([job.id]);
  });
});

describe("a tenant's batches", () => {
  it("are nobody else's", async () => {
    const bench = new QueueBench();
    const { batches } = open(bench);
    const { batch } = await batches.submit(plan, { items });
    expect(await batches.find("other", batch.id)).toBeUndefined();
    expect(await batches.record("other", batch.id)).toBeUndefined();
    expect(await batches.remove("other", batch.id)).toBeUndefined();
    expect((await batches.find(defaultTenant, batch.id))?.state).toBe("queued");
  });

  it("are at most 100 at once", async () => {
    const bench = new QueueBench();
    const { batches } = open(bench);
    const answers = await Promise.allSettled(Array.from({ length: 101 }, () => batches.submit(plan, { items })));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    expect(refused).toMatchObject([{ code: "too_many_batches", status: 429 }]);
    await batches.submit({ ...plan, tenant: "other" }, { items });
  });
});

describe("the lines of a batch", () => {
  it("are to be read from the object store once their part is there", async () => {
    const bench = new QueueBench();
    const { id, batches, steps, record } = await queued(bench);
    await steps.failItem(id, itemJobId(id, 1), problem);
    expect(await batches.lines(id, 0, [0, 1, 2])).toEqual({ lines: [undefined, expect.any(String), undefined] });
    for (const index of [0, 2]) await steps.failItem(id, itemJobId(id, index), problem);
    await steps.partStored(await record(), { bytes: 1, lines: [] });
    expect(await batches.lines(id, 0, [0, 1, 2])).toEqual({ stored: "as first stored" });
    await steps.finish(await record());
    await bench.redis.del(bench.keys.batch(id));
    await expect(batches.lines(id, 0, [0])).rejects.toMatchObject({ code: "batch_not_found" });
  });
});

describe("an idempotency key", () => {
  it("of a batch has nothing to do with that of a job", async () => {
    const bench = new QueueBench();
    const { batches } = open(bench);
    const bodyHash = "a";
    await batches.submit(plan, { items, idempotency: { key: "1", bodyHash } });
    for (const key of ["1", "batch 1"]) {
      const { created } = await bench
        .jobs()
        .submit(payload, { priority: "normal", idempotency: { key, bodyHash: "b" } });
      expect(created).toBe(true);
    }
  });
});

describe("the end of a batch", () => {
  it("announces it once, forgets it exactly in time, and leaves its results to be deleted", async () => {
    const bench = new QueueBench();
    const { batches, steps } = open(bench);
    const webhook = { url: "https://example.com/hook" };
    const { batch } = await batches.submit({ ...plan, webhook, metadata: { a: "b" } }, { items });
    const record = async () => (await steps.record(batch.id))!;
    await steps.counted(await record(), { total: 3, cursor: "", version: "", isDone: true });
    for (const index of [0, 1, 2]) await steps.failItem(batch.id, itemJobId(batch.id, index), problem);
    await steps.partStored(await record(), { bytes: 1, lines: [] });
    const complete = await record();
    await steps.finish(complete);
    await steps.finish(complete);
    const events = await bench.redis.lrange(bench.keys.outbox, "0", "-1");
    expect(events.map((event) => JSON.parse(event))).toMatchObject([
      {
        kind: "batch",
        url: webhook.url,
        data: { id: batch.id, state: "finished", counts: { total: 3, failed: 3 }, metadata: { a: "b" } },
      },
    ]);
    const { finishedAt = 0, expiresAt } = await record();
    expect(expiresAt).toBe(finishedAt + 60_000);
    expect(await bench.redis.pexpiretime(bench.keys.batch(batch.id))).toBeLessThanOrEqual(finishedAt + 60_100);
    expect(await steps.takeExpired(10)).toEqual([]);
    await bench.redis.zadd(bench.keys.endedBatches, 0, `${batch.id}/1`);
    expect(await steps.takeExpired(10)).toEqual([{ id: batch.id, parts: 1 }]);
    await steps.forget({ id: batch.id, parts: 1 });
    expect(await bench.redis.zcard(bench.keys.endedBatches)).toBe(0);
  });
});

const problem = { type: "t", title: "t", status: 500, code: "internal_error", retryable: true } as const;
