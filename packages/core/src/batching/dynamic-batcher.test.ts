import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type BatchTimes, DynamicBatcher } from "./dynamic-batcher.js";

/** A batcher that doubles numbers, slowly enough for others to queue, and remembers its batches. */
function doubling(options: { maxBatchSize?: number; maxQueueDelayMs?: number; poison?: number } = {}) {
  const batches: number[][] = [];
  const reports: BatchTimes[] = [];
  const batcher = new DynamicBatcher<number, number>({
    maxBatchSize: options.maxBatchSize ?? 4,
    maxQueueDelayMs: options.maxQueueDelayMs ?? 0,
    onBatch: (times) => reports.push(times),
    run: async (items) => {
      batches.push([...items]);
      await delay(5);
      if (items.includes(options.poison ?? Number.NaN)) throw new Error("poisoned");
      return items.map((item) => item * 2);
    },
  });
  return { batcher, batches, reports };
}

describe("DynamicBatcher", () => {
  it("gives each item its own result", async () => {
    const { batcher } = doubling();
    const items = Array.from({ length: 23 }, (_, i) => i);
    expect(await Promise.all(items.map((item) => batcher.submit(item)))).toEqual(items.map((item) => item * 2));
  });

  it("fills batches while one runs, up to the maximum", async () => {
    const { batcher, batches, reports } = doubling();
    const first = batcher.submit(0);
    await delay(2);
    await Promise.all([first, ...[1, 2, 3, 4, 5].map((item) => batcher.submit(item))]);
    expect(batches).toEqual([[0], [1, 2, 3, 4], [5]]);
    expect(reports.map(({ size, capacity }) => [size, capacity])).toEqual([
      [1, 4],
      [4, 4],
      [1, 4],
    ]);
  });

  it("waits the queue delay for company, but not once the batch is full", async () => {
    const { batcher, batches } = doubling({ maxQueueDelayMs: 60, maxBatchSize: 2 });
    const first = batcher.submit(1);
    await delay(10);
    expect(batches).toEqual([]);
    await Promise.all([first, batcher.submit(2)]);
    expect(batches).toEqual([[1, 2]]);
  });

  it("lets groups take turns", async () => {
    const { batcher, batches } = doubling();
    const first = batcher.submit(0);
    await delay(2);
    const crowd = [1, 2, 3, 4, 5, 6].map((item) => batcher.submit(item, { group: "crowd" }));
    const portrait = batcher.submit(9, { group: "portrait" });
    await Promise.all([first, ...crowd, portrait]);
    expect(batches[1]).toEqual([1, 9, 2, 3]);
  });

  it("fails an item that breaks its batch alone", async () => {
    const { batcher } = doubling({ poison: 3 });
    const settled = await Promise.allSettled([1, 2, 3, 4].map((item) => batcher.submit(item)));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  });

  it("remembers the size that fits after running out of memory", async () => {
    const sizes: number[] = [];
    const batcher = new DynamicBatcher<number, number>({
      maxBatchSize: 8,
      maxQueueDelayMs: 0,
      isOutOfMemory: (error) => (error as Error).message === "out of memory",
      run: async (items) => {
        sizes.push(items.length);
        if (items.length > 3) throw new Error("out of memory");
        return [...items];
      },
    });
    const submitEight = () => Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((item) => batcher.submit(item)));
    expect(await submitEight()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    sizes.length = 0;
    await submitEight();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
  });

  it("takes an item back while it waits", async () => {
    const { batcher, batches } = doubling();
    const running = batcher.submit(1);
    await delay(2);
    const abort = new AbortController();
    const waiting = batcher.submit(2, { signal: abort.signal });
    const next = batcher.submit(3);
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    await Promise.all([running, next]);
    expect(batches).toEqual([[1], [3]]);
  });

  it("refuses an item whose signal has fired", () => {
    expect(() => doubling().batcher.submit(1, { signal: AbortSignal.abort() })).toThrow(/abort/i);
  });
});
