import { getEventListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { DeviceQueue } from "./device-queue.js";
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
  it("gives each call the results of its items, in their order", async () => {
    const { batcher } = doubling();
    const calls = [[1], [2, 3, 4, 5, 6, 7], [], [8, 9]];
    const results = await Promise.all(calls.map((items) => batcher.submit(items)));
    expect(results).toEqual(calls.map((items) => items.map((item) => item * 2)));
  });

  it("fills batches while one runs, up to the maximum", async () => {
    const { batcher, batches, reports } = doubling();
    const first = batcher.submit([0]);
    await delay(2);
    await Promise.all([first, ...[1, 2, 3, 4, 5].map((item) => batcher.submit([item]))]);
    expect(batches).toEqual([[0], [1, 2, 3, 4], [5]]);
    expect(reports.map(({ size, capacity }) => [size, capacity])).toEqual([
      [1, 4],
      [4, 4],
      [1, 4],
    ]);
  });

  it("waits the queue delay for company, but not once the batch is full", async () => {
    const { batcher, batches } = doubling({ maxQueueDelayMs: 60, maxBatchSize: 2 });
    const first = batcher.submit([1]);
    await delay(10);
    expect(batches).toEqual([]);
    await Promise.all([first, batcher.submit([2])]);
    expect(batches).toEqual([[1, 2]]);
  });

  it("lets calls take turns", async () => {
    const { batcher, batches } = doubling();
    const first = batcher.submit([0]);
    await delay(2);
    await Promise.all([first, batcher.submit([1, 2, 3, 4, 5, 6]), batcher.submit([9])]);
    expect(batches).toEqual([[0], [1, 9, 2, 3], [4, 5, 6]]);
  });

  it("lets flows take turns, however many calls each has", async () => {
    const { batcher, batches } = doubling();
    const many = [[1, 2], [3, 4], [5]].map((items) => batcher.submit(items, { flow: "many" }));
    await Promise.all([...many, batcher.submit([6, 7, 8], { flow: "one" })]);
    expect(batches).toEqual([
      [1, 6, 3, 7],
      [5, 8, 2, 4],
    ]);
  });

  it("leaves no small item out because another's large one does not fit", async () => {
    const batches: string[][] = [];
    const batcher = new DynamicBatcher<string, string>({
      maxBatchSize: 100,
      weight: { of: (item) => Number(item.slice(1)), max: 20 },
      maxQueueDelayMs: 0,
      run: async (items) => {
        batches.push([...items]);
        return items;
      },
    });
    const large = batcher.submit(Array(4).fill("a10"), { flow: "a" });
    await Promise.all([batcher.submit(Array(6).fill("b1"), { flow: "b" }), large]);
    expect(batches[0]).toEqual(["a10", ...Array(6).fill("b1")]);
    expect(batches.slice(1)).toEqual([["a10", "a10"], ["a10"]]);
  });

  it("counts the calls in a batch where it is told to, and keeps to half of them after running out of memory", async () => {
    const batches: number[][] = [];
    const reports: BatchTimes[] = [];
    const batcher = new DynamicBatcher<number, number>({
      maxBatchSize: 4,
      maxBatchOf: "calls",
      weight: { of: () => 1, max: 100 },
      maxQueueDelayMs: 0,
      isOutOfMemory: () => true,
      onBatch: (times) => reports.push(times),
      run: async (items) => {
        batches.push([...items]);
        if (items.length > 4) throw new Error("out of memory");
        return [...items];
      },
    });
    const calls = [[1, 1], [2, 2], [3, 3], [4, 4], [5]];
    expect(await Promise.all(calls.map((items) => batcher.submit(items)))).toEqual(calls);
    expect(batches[0]).toEqual([1, 2, 3, 4]);
    expect(reports[0]).toMatchObject({ size: 4, capacity: 4 });
    batches.length = 0;
    await Promise.all([[1, 1, 1, 1, 1, 1], [2]].map((items) => batcher.submit(items)));
    expect(batches.map(({ length }) => length)).toEqual([7, 4, 3]);
    await batcher.submit([1, 1, 1, 1, 1, 1]);
    expect(batches.slice(3).map(({ length }) => length)).toEqual([4, 2]);
  });

  it("takes urgent items first, and waits for no company with them", async () => {
    const { batcher, batches } = doubling({ maxQueueDelayMs: 60, maxBatchSize: 2 });
    const patient = batcher.submit([1]);
    await Promise.all([batcher.submit([7], { urgent: true }), batcher.submit([8, 9], { urgent: true }), patient]);
    expect(batches).toEqual([[7, 8], [9], [1]]);
  });

  it("fills a batch that has urgent items with a few others, which are not to hold it up", async () => {
    const { batcher, batches } = doubling({ maxBatchSize: 8 });
    const patient = batcher.submit([1, 2, 3, 4]);
    await Promise.all([batcher.submit([9], { urgent: true }), patient]);
    expect(batches).toEqual([
      [9, 1],
      [2, 3, 4],
    ]);
  });

  it("makes batches as short as it is told, going by what those before took", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const batches: number[][] = [];
    let msPerItem = 10;
    const batcher = new DynamicBatcher<number, number>({
      maxBatchSize: 16,
      maxQueueDelayMs: 0,
      maxRunMs: 40,
      run: async (items) => {
        batches.push([...items]);
        vi.advanceTimersByTime(items.length * msPerItem);
        return items;
      },
    });
    const sizes = async (count: number) => {
      batches.length = 0;
      await batcher.submit(Array.from({ length: count }, (_, i) => i));
      return batches.map(({ length }) => length);
    };
    try {
      await batcher.submit([0]);
      expect(await sizes(10)).toEqual([4, 4, 2]);
      msPerItem = 100;
      expect((await sizes(30)).slice(-3), "longer than allowed even alone").toEqual([1, 1, 1]);
      msPerItem = 1;
      expect((await sizes(200)).slice(-3, -1), "and once it is fast again").toEqual([16, 16]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("closes a batch at its weight, but never leaves a heavy item out", async () => {
    const batches: number[][] = [];
    const batcher = new DynamicBatcher<number, number>({
      maxBatchSize: 8,
      weight: { of: (item) => item, max: 10 },
      maxQueueDelayMs: 0,
      run: async (items) => {
        batches.push([...items]);
        return [...items];
      },
    });
    await Promise.all([4, 6, 1, 50, 2, 3].map((item) => batcher.submit([item])));
    expect(batches).toEqual([[4, 6], [1], [50], [2, 3]]);
  });

  it("takes turns with others on one device, the lowest rank first, what is urgent before all", async () => {
    const device = new DeviceQueue();
    const order: string[] = [];
    const stage = (name: string, rank: number) =>
      new DynamicBatcher<string, string>({
        maxBatchSize: 4,
        maxQueueDelayMs: 0,
        device,
        rank,
        run: async (items) => {
          order.push(`${name}:${items}`);
          if (order.length === 1) meanwhile.push(late.submit(["c"]), early.submit(["d"], { urgent: true }));
          return items;
        },
      });
    const meanwhile: Promise<string[]>[] = [];
    const [early, late] = [stage("early", 2), stage("late", 1)];
    await Promise.all([early.submit(["a"]), late.submit(["b"])]);
    await Promise.all(meanwhile);
    expect(order).toEqual(["late:b", "early:d", "late:c", "early:a"]);
  });

  it("fails the call of an item that breaks its batch, and no other", async () => {
    const { batcher, batches } = doubling({ poison: 3 });
    const calls = [[1], [2], [3, 5, 6, 7, 8, 9], [4]];
    const settled = await Promise.allSettled(calls.map((items) => batcher.submit(items)));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    // What still waited of the failed call is not run.
    expect(batches.flat()).not.toContain(9);
    expect(await batcher.submit([10])).toEqual([20]);
  });

  it.each([
    ["fewer", (items: readonly number[]) => items.slice(1)],
    ["more", (items: readonly number[]) => [0, ...items]],
  ])("gives nobody another's result when a run answers %s than it was given", async (_what, run) => {
    const batcher = new DynamicBatcher<number, number>({
      maxBatchSize: 4,
      maxQueueDelayMs: 0,
      run: async (items) => run(items),
    });
    const settled = await Promise.allSettled([[1, 2], [3]].map((items) => batcher.submit(items)));
    for (const call of settled) {
      const reason = { message: expect.stringMatching(/^Expected as many results as items, 1, but received [02]$/) };
      expect(call).toMatchObject({ status: "rejected", reason });
    }
  });

  it("remembers the size that fits after running out of memory", async () => {
    const sizes: number[] = [];
    let splits = 0;
    const batcher = new DynamicBatcher<number, number>({
      maxBatchSize: 8,
      maxQueueDelayMs: 0,
      isOutOfMemory: (error) => (error as Error).message === "out of memory",
      onOutOfMemorySplit: () => splits++,
      run: async (items) => {
        sizes.push(items.length);
        if (items.length > 3) throw new Error("out of memory");
        return [...items];
      },
    });
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(await batcher.submit(eight)).toEqual(eight);
    // Eight in two fours, and each of these in two twos.
    expect(splits).toBe(3);
    sizes.length = 0;
    await batcher.submit(eight);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
    expect(splits).toBe(3);
  });

  it("keeps its size when one item is too large by itself", async () => {
    const sizes: number[] = [];
    const batcher = new DynamicBatcher<string, string>({
      maxBatchSize: 8,
      maxQueueDelayMs: 0,
      isOutOfMemory: () => true,
      run: async (items) => {
        sizes.push(items.length);
        if (items.includes("giant")) throw new Error("out of memory");
        return [...items];
      },
    });
    const submit = (items: string[]) => Promise.allSettled(items.map((item) => batcher.submit([item])));
    const settled = await submit(["a", "b", "c", "giant", "d", "e", "f", "g"]);
    expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(1);
    sizes.length = 0;
    await submit(["a", "b", "c", "d", "e", "f", "g", "h"]);
    expect(sizes).toEqual([8]);
  });

  it("takes items back while they wait", async () => {
    const { batcher, batches } = doubling();
    const running = batcher.submit([1]);
    await delay(2);
    const abort = new AbortController();
    const waiting = batcher.submit([2, 3], { signal: abort.signal });
    const next = batcher.submit([4]);
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    await Promise.all([running, next]);
    expect(batches).toEqual([[1], [4]]);
  });

  it("refuses items whose signal has fired", async () => {
    await expect(doubling().batcher.submit([1], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it("leaves nothing on a signal that outlives the call", async () => {
    const { batcher } = doubling();
    const { signal } = new AbortController();
    const results = batcher.submit([1, 2, 3], { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await results;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
