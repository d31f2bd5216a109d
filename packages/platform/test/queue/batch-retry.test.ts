import { defaultTenant, ProblemError } from "@facefleet/contracts";
import { expect, it } from "vitest";
import { Batches, type BatchPlan, BatchSteps, QueueSweep } from "../../src/queue/index.js";
import { payload, QueueBench, silent } from "./queue-bench.js";

const plan: BatchPlan = {
  tenant: defaultTenant,
  task: "detect",
  options: payload.options,
  priority: "low",
  source: { items: 2 },
  resultTtlSeconds: 60,
};
const items = [...payload.images, ...payload.images];

function open(bench: QueueBench) {
  const batches = new Batches(bench.fleet, { logger: silent, store: bench.store });
  const steps = new BatchSteps(bench.fleet);
  return { batches, steps };
}

/** A batch that has finished, both of its items failed; as it was before its last step, too. */
async function failed(bench: QueueBench, more: Partial<BatchPlan> = {}) {
  const { batches, steps } = open(bench);
  const { batch } = await batches.submit({ ...plan, ...more }, { items });
  const record = async () => (await steps.record(batch.id))!;
  await steps.counted(await record(), { total: 2, cursor: "", version: "", isDone: true });
  const start = await record();
  const chunk = { items: [0, 1].map((index) => ({ index, image: items[0]!, error })), expanded: 2, cursor: "2" };
  await steps.expand(start, chunk);
  const unstored = await record();
  await steps.partStored(unstored, { bytes: 1, lines: [] });
  const complete = await record();
  await steps.finish(complete);
  return { id: batch.id, batches, steps, record, start, chunk, unstored, complete };
}

it("changes nothing of a batch that is tried again when a worker is late with a step of the time before", async () => {
  const bench = new QueueBench();
  const { id, batches, steps, record, start, chunk, unstored, complete } = await failed(bench);
  await batches.retry(defaultTenant, id);
  const again = await record();
  expect(again).toMatchObject({ state: "active", round: 1, expanded: 0, stored: 0, failed: 0 });
  expect(await steps.expand(start, chunk)).toBe(false);
  expect(await steps.partStored(unstored, { bytes: 1, lines: [] })).toBe(true);
  await steps.skipParts({ ...again, round: 0 }, 1);
  await steps.finish(complete);
  expect(await record()).toEqual(again);
});

it("queues failed items as other jobs, so that what is known of the first is not taken for their end", async () => {
  const bench = new QueueBench();
  const { id, batches, steps, record } = await failed(bench);
  await batches.retry(defaultTenant, id);
  const chunk = { items: [0, 1].map((index) => ({ index, image: items[0]! })), expanded: 2, cursor: "" };
  expect(await steps.expand(await record(), chunk)).toBe(true);
  expect(await steps.liveItems(id)).toEqual([`${id}.0.1`, `${id}.1.1`]);
  // One that the queue lost ends all the same.
  await bench.queue().remove(`${id}.0.1`);
  const onEnd = async () => undefined;
  const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd, graceMs: 0 });
  bench.onClose(() => sweep.stop());
  await sweep.sweep();
  expect(await record()).toMatchObject({ failed: 1 });
  expect(await steps.liveItems(id)).toEqual([`${id}.1.1`]);
});

it("keeps one object for a part, whoever stored it first, and has the other one deleted", async () => {
  const bench = new QueueBench();
  const { id, batches, steps, record } = await failed(bench);
  await batches.retry(defaultTenant, id);
  const chunk = { items: [0, 1].map((index) => ({ index, image: items[0]!, error })), expanded: 2, cursor: "" };
  await steps.expand(await record(), chunk);
  const before = await record();
  const [mine, theirs] = ["1", "2"].map((digit) => ({ id: digit.repeat(32), bytes: 5 }));
  expect(await steps.partStored(before, { bytes: 5, lines: [], object: mine! })).toBe(true);
  expect(await steps.partStored(before, { bytes: 5, lines: [], object: mine! })).toBe(true);
  expect(await steps.partStored(before, { bytes: 5, lines: [], object: theirs! })).toBe(false);
  expect(await batches.lines(id, 0, [0])).toEqual({ stored: mine });
  await steps.finish(await record());
  // It is deleted when the batch is forgotten, at once when it is erased.
  const due = async () => Number(await bench.redis.zscore(bench.keys.results, mine!.id));
  expect(await due()).toBe(Number(await bench.redis.zscore(bench.keys.ended, `${defaultTenant}/${id}`)));
  await batches.remove(defaultTenant, id);
  expect(await due()).toBe(0);
});

it("is refused to whoever has too much already", async () => {
  const bench = new QueueBench();
  const { id, batches } = await failed(bench);
  const tooMuch = batches.retry(defaultTenant, id, { maxKeptBytes: 100 });
  await expect(tooMuch).rejects.toMatchObject({ code: "too_much_kept", status: 429 });
  await Promise.all(Array.from({ length: 100 }, () => batches.submit(plan, { items })));
  const tooMany = batches.retry(defaultTenant, id).catch((reason: unknown) => reason);
  expect(await tooMany).toBeInstanceOf(ProblemError);
  expect(await tooMany).toMatchObject({ code: "too_many_batches" });
  expect((await batches.find(defaultTenant, id))?.state).toBe("finished");
});

it("can be erased while it is about to be tried again, and not a moment later", async () => {
  const bench = new QueueBench();
  const { id, batches, record } = await failed(bench);
  const [removal, retried] = await Promise.allSettled([
    batches.remove(defaultTenant, id),
    batches.retry(defaultTenant, id),
  ]);
  expect(removal.status).toBe("fulfilled");
  // Erased, or retried and then canceled; never half of each.
  const left = await batches.find(defaultTenant, id);
  if (left)
    expect([retried.status, left.state, (await record()).stopping]).toEqual(["fulfilled", "canceled", "canceled"]);
});

const error = { type: "t", title: "t", status: 500, code: "internal_error", retryable: true } as const;
