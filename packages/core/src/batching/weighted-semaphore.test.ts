import { setImmediate as tick } from "node:timers/promises";
import { expect, it } from "vitest";
import { WeightedSemaphore } from "./weighted-semaphore.js";

it("admits up to the limit, in order, and goes on as weight is given back", async () => {
  const semaphore = new WeightedSemaphore(10);
  const admitted: string[] = [];
  const acquire = (name: string, weight: number) =>
    semaphore.acquire(weight).then((release) => {
      admitted.push(name);
      return release;
    });
  const a = acquire("a", 6);
  const b = acquire("b", 6);
  acquire("c", 2);
  await tick();
  expect(admitted).toEqual(["a"]);
  (await a)();
  await tick();
  expect(admitted).toEqual(["a", "b", "c"]);
  (await b)();
});

it("admits what is heavier than the limit alone", async () => {
  const semaphore = new WeightedSemaphore(10);
  const release = await semaphore.acquire(50);
  let second = false;
  const next = semaphore.acquire(1).then(() => {
    second = true;
  });
  await tick();
  expect(second).toBe(false);
  release();
  await next;
});

it("admits urgent work before what has waited", async () => {
  const semaphore = new WeightedSemaphore(10);
  const admitted: string[] = [];
  const acquire = (name: string, urgent: boolean) =>
    semaphore.acquire(10, { urgent }).then((release) => {
      admitted.push(name);
      release();
    });
  const release = await semaphore.acquire(10);
  const waiting = [acquire("patient", false), acquire("urgent", true)];
  release();
  await Promise.all(waiting);
  expect(admitted).toEqual(["urgent", "patient"]);
});
