import { setImmediate as tick } from "node:timers/promises";
import { expect, it } from "vitest";
import type { CallOptions } from "./dynamic-batcher.js";
import { type Admitted, WeightedSemaphore } from "./weighted-semaphore.js";

/** Remembers who was admitted, in order. */
function semaphore({ limit = 10, urgentOnly = 0 } = {}) {
  const semaphore = new WeightedSemaphore({ limit, urgentOnly });
  const admitted: string[] = [];
  const acquire = async (name: string, weight: number, call?: CallOptions): Promise<Admitted> => {
    const room = await semaphore.acquire(weight, call);
    admitted.push(name);
    return room;
  };
  return { acquire, admitted };
}

it("admits up to the limit, in order, and goes on as weight is given back", async () => {
  const { acquire, admitted } = semaphore();
  const a = acquire("a", 6);
  const b = acquire("b", 6);
  acquire("c", 2);
  await tick();
  expect(admitted).toEqual(["a"]);
  (await a).release();
  await tick();
  expect(admitted).toEqual(["a", "b", "c"]);
  (await b).release();
});

it("goes on as soon as work becomes lighter, and counts it once", async () => {
  const { acquire, admitted } = semaphore();
  const a = await acquire("a", 10);
  acquire("b", 6);
  a.lighten(5);
  await tick();
  expect(admitted).toEqual(["a"]);
  a.lighten(4);
  a.lighten(8);
  await tick();
  expect(admitted).toEqual(["a", "b"]);
  acquire("c", 4);
  await tick();
  expect(admitted).toEqual(["a", "b"]);
  a.release();
  a.release();
  await tick();
  expect(admitted).toEqual(["a", "b", "c"]);
  acquire("d", 1);
  await tick();
  expect(admitted).toHaveLength(3);
});

it("admits what is heavier than the limit alone", async () => {
  const { acquire, admitted } = semaphore();
  const heavy = await acquire("heavy", 50);
  const next = acquire("next", 1);
  await tick();
  expect(admitted).toEqual(["heavy"]);
  heavy.release();
  await next;
});

it("admits urgent work before what has waited", async () => {
  const { acquire, admitted } = semaphore();
  const first = await acquire("first", 10);
  const waiting = [acquire("patient", 10), acquire("urgent", 10, { urgent: true })];
  first.release();
  (await waiting[1]!).release();
  await waiting[0];
  expect(admitted).toEqual(["first", "urgent", "patient"]);
});

it("keeps room for urgent work, beside whatever is heavy", async () => {
  const { acquire, admitted } = semaphore({ urgentOnly: 3 });
  const heavy = await acquire("heavy", 50);
  const urgent = await acquire("urgent", 2, { urgent: true });
  acquire("too much", 2, { urgent: true });
  acquire("patient", 1);
  await tick();
  expect(admitted).toEqual(["heavy", "urgent"]);
  urgent.release();
  await tick();
  expect(admitted).toEqual(["heavy", "urgent", "too much"]);
  heavy.release();
  await tick();
  expect(admitted).toEqual(["heavy", "urgent", "too much", "patient"]);
});

it("admits what is heavy beside urgent work that is in its own room", async () => {
  const { acquire, admitted } = semaphore({ urgentOnly: 3 });
  await acquire("urgent", 3, { urgent: true });
  const heavy = acquire("heavy", 50);
  acquire("another", 50);
  await heavy;
  await tick();
  expect(admitted).toEqual(["urgent", "heavy"]);
});

it("lets flows take turns", async () => {
  const { acquire, admitted } = semaphore();
  const first = await acquire("first", 10);
  const many = ["a", "b", "c"].map((name) => acquire(name, 10, { flow: "many" }));
  const one = acquire("one", 10, { flow: "one" });
  first.release();
  for (const next of [many[0], one, many[1], many[2]]) (await next!).release();
  expect(admitted).toEqual(["first", "a", "one", "b", "c"]);
});

it("forgets who gives up, and lets those behind it go on", async () => {
  const { acquire, admitted } = semaphore();
  const first = await acquire("first", 6);
  const abort = new AbortController();
  const heavy = acquire("heavy", 8, { signal: abort.signal });
  const light = acquire("light", 2);
  abort.abort(new Error("not wanted"));
  await expect(heavy).rejects.toThrow("not wanted");
  await light;
  expect(admitted).toEqual(["first", "light"]);
  first.release();
  await expect(acquire("never", 1, { signal: abort.signal })).rejects.toThrow("not wanted");
});
