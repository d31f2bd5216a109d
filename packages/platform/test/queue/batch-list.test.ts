import { type Batch, defaultTenant } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { itemJobId } from "../../src/queue/batches/batch-items.js";
import { Batches, type BatchPlan, type BatchQuery, BatchSteps, QueueSweep } from "../../src/queue/index.js";
import { heldRun, payload, QueueBench, silent } from "./queue-bench.js";

const plan: BatchPlan = {
  tenant: defaultTenant,
  task: "detect",
  options: payload.options,
  priority: "low",
  source: { items: 2 },
  resultTtlSeconds: 60,
};
const items = payload.images;

function open(bench: QueueBench) {
  const batches = new Batches(bench.fleet, { logger: silent, store: bench.store });
  const steps = new BatchSteps(bench.fleet);
  const submit = async (more: Partial<BatchPlan> = {}) =>
    (await batches.submit({ ...plan, ...more }, { items: [...items, ...items] })).batch.id;
  return { batches, steps, submit };
}

async function allPages(batches: Batches, query: BatchQuery, between?: () => Promise<unknown>): Promise<Batch[]> {
  const all: Batch[] = [];
  let cursor: string | undefined;
  do {
    const page = await batches.list(defaultTenant, { ...query, ...(cursor !== undefined && { cursor }) });
    expect(page.batches.length).toBeLessThanOrEqual(query.limit);
    all.push(...page.batches);
    cursor = page.cursor;
    await between?.();
  } while (cursor !== undefined);
  return all;
}

const idsOf = (batches: readonly Batch[]) => batches.map(({ id }) => id);

/** Ends a batch, all of its items failed. */
async function ended(steps: BatchSteps, id: string): Promise<void> {
  const record = async () => (await steps.record(id))!;
  await steps.counted(await record(), { total: 2, cursor: "", version: "", isDone: true });
  for (const index of [0, 1]) await steps.failItem(id, itemJobId(id, index), problem);
  await steps.partStored(await record(), { bytes: 1, lines: [] });
  await steps.finish(await record());
}

describe("the list of batches", () => {
  it("shows each of the tenant's batches once, newest first, while others come", async () => {
    const { batches, submit } = open(new QueueBench());
    const ids = [];
    for (let i = 0; i < 7; i += 1) ids.push(await submit({ metadata: { place: String(i) } }));
    await submit({ tenant: "other" });
    const listed = await allPages(batches, { limit: 3 }, () => submit());
    expect(idsOf(listed).sort()).toEqual([...ids].sort());
    const times = listed.map(({ createdAt }) => Date.parse(createdAt));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(listed[0]).toEqual(await batches.find(defaultTenant, listed[0]!.id));
    expect((await batches.list("nobody", { limit: 10 })).batches).toEqual([]);
  });

  it("filters by state, and keeps those that have ended until they are forgotten or erased", async () => {
    const bench = new QueueBench();
    const { batches, steps, submit } = open(bench);
    const [forgotten, erased, canceled, queued] = [await submit(), await submit(), await submit(), await submit()];
    await ended(steps, forgotten);
    await ended(steps, erased);
    await batches.remove(defaultTenant, canceled);
    const list = async (state?: Batch["state"]) =>
      idsOf((await batches.list(defaultTenant, { limit: 10, ...(state && { state }) })).batches).sort();
    expect(await list("finished")).toEqual([forgotten, erased].sort());
    expect(await list("canceled")).toEqual([canceled]);
    expect(await list("queued")).toEqual([queued]);
    expect(await list("active")).toEqual([]);
    await batches.remove(defaultTenant, erased);
    expect(await list()).toEqual([forgotten, canceled, queued].sort());
    // As if its time were over.
    await bench.redis.del(bench.keys.batch(forgotten));
    await bench.redis.zadd(bench.keys.ended, 1, `${defaultTenant}/${forgotten}`);
    expect(await list()).toEqual([canceled, queued].sort());
    const onEnd = async () => undefined;
    const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd });
    bench.onClose(() => sweep.stop());
    await sweep.sweep();
    expect((await bench.redis.zrange(bench.keys.listedBatches(defaultTenant), "0", "-1")).sort()).toEqual(
      [canceled, queued].sort(),
    );
  });

  it("says of each batch how many of its items are being worked on", async () => {
    const bench = new QueueBench();
    const { batches, steps, submit } = open(bench);
    const [one, two] = [await submit(), await submit()];
    for (const [id, expanded] of [
      [one, 1],
      [two, 2],
    ] as const) {
      const record = async () => (await steps.record(id))!;
      await steps.counted(await record(), { total: 2, cursor: "", version: "", isDone: true });
      const chunk = Array.from({ length: expanded }, (_, index) => ({ index, image: items[0]! }));
      await steps.expand(await record(), { items: chunk, expanded, cursor: "" });
    }
    const { run, letGo } = heldRun();
    await bench.started({ run });
    const active = async () =>
      Object.fromEntries((await allPages(batches, { limit: 10 })).map(({ id, counts }) => [id, counts.active]));
    await eventually(async () => Object.values(await active()).reduce((sum, count) => sum + count) === 3);
    expect(await active()).toEqual({ [one]: 1, [two]: 2 });
    letGo();
  });
});

const problem = { type: "t", title: "t", status: 500, code: "internal_error", retryable: true } as const;
