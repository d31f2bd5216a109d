import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { mapConcurrently } from "./map-concurrently.js";

it("keeps the order, and its limit", async () => {
  let [running, most] = [0, 0];
  const results = await mapConcurrently([30, 1, 15, 5], 2, async (ms) => {
    most = Math.max(most, ++running);
    await sleep(ms);
    running--;
    return ms * 2;
  });
  expect(results).toEqual([60, 2, 30, 10]);
  expect(most).toBe(2);
});

it("fails with the first failure", async () => {
  const started: number[] = [];
  const work = mapConcurrently([1, 2, 3], 1, async (item) => {
    started.push(item);
    if (item === 2) throw new Error("two");
  });
  await expect(work).rejects.toThrow("two");
  expect(started).toEqual([1, 2]);
});
