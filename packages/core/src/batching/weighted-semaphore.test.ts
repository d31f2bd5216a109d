import { setImmediate as tick } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { CallOptions } from "./dynamic-batcher.js";
import { type Admitted, WeightedSemaphore, type WeightLimits } from "./weighted-semaphore.js";

/** Remembers who was admitted, in order. */
function semaphore(own: Partial<WeightLimits> = {}) {
  const semaphore = new WeightedSemaphore({ limit: 10, urgentOnly: 0, firstOnly: 0, ...own });
  const admitted: string[] = [];
  const acquire = async (name: string, weight: number, call?: CallOptions): Promise<Admitted> => {
    const room = await semaphore.acquire(weight, call);
    admitted.push(name);
    return room;
  };
  return { acquire, admitted };
}

describe("WeightedSemaphore", () => {
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

  it("admits urgent work before what has waited, and lets nothing else into the room that it waits for", async () => {
    const { acquire, admitted } = semaphore();
    const first = await acquire("first", 8);
    const urgent = acquire("urgent", 10, { urgent: true });
    const patient = acquire("patient", 2);
    await tick();
    expect(admitted).toEqual(["first"]);
    first.release();
    (await urgent).release();
    await patient;
    expect(admitted).toEqual(["first", "urgent", "patient"]);
  });

  it("keeps room for urgent work", async () => {
    const { acquire, admitted } = semaphore({ urgentOnly: 3 });
    await acquire("patient", 7);
    acquire("patient, too", 1);
    await acquire("urgent", 3, { urgent: true });
    await tick();
    expect(admitted).toEqual(["patient", "urgent"]);
  });

  it("keeps room for flows that hold nothing, urgent or not", async () => {
    const { acquire, admitted } = semaphore({ urgentOnly: 2, firstOnly: 3 });
    await acquire("many 1", 5, { flow: "many" });
    acquire("many 2", 1, { flow: "many" });
    acquire("one 1", 2, { flow: "one" });
    acquire("one 2", 1, { flow: "one" });
    await tick();
    expect(admitted).toEqual(["many 1", "one 1"]);
    acquire("many urgent", 2, { flow: "many", urgent: true });
    await acquire("other urgent", 2, { flow: "other", urgent: true });
    await tick();
    expect(admitted).toEqual(["many 1", "one 1", "other urgent"]);
  });

  it("puts nobody off for ever for what is urgent of another", async () => {
    const { acquire, admitted } = semaphore({ limit: 8, urgentOnly: 2, firstOnly: 2 });
    const urgent = ["u1", "u2", "u3", "u4"].map((name) => acquire(name, 2, { urgent: true, flow: "many" }));
    acquire("of many", 2, { flow: "many" });
    acquire("of one", 2, { flow: "one" });
    await tick();
    expect(admitted).toEqual(["u1", "u2", "u3", "of one"]);
    for (const held of urgent.slice(0, 2)) (await held).release();
    await tick();
    expect(admitted.slice(4)).toEqual(["u4"]);
  });

  it("lets what is heavy in by turns, that which is urgent and that which is not", async () => {
    const { acquire, admitted } = semaphore();
    const one = acquire("u1", 20, { urgent: true });
    const two = acquire("u2", 20, { urgent: true });
    const three = acquire("p1", 20);
    for (const held of [one, three, two]) {
      await tick();
      (await held).release();
    }
    await tick();
    expect(admitted).toEqual(["u1", "p1", "u2"]);
  });

  it("lets flows that hold nothing pass one that there is no room for, and no others", async () => {
    const { acquire, admitted } = semaphore({ firstOnly: 3 });
    const many = await acquire("many 1", 6, { flow: "many" });
    acquire("many 2", 7, { flow: "many" });
    await acquire("one 1", 1, { flow: "one" });
    acquire("one 2", 1, { flow: "one" });
    await tick();
    expect(admitted).toEqual(["many 1", "one 1"]);
    // Now the many hold nothing.
    many.release();
    await tick();
    expect(admitted).toEqual(["many 1", "one 1", "many 2"]);
  });

  it("lets nobody pass one whose flow has nothing in there yet", async () => {
    const { acquire, admitted } = semaphore({ firstOnly: 3 });
    const first = await acquire("first", 6, { flow: "many" });
    acquire("large", 7, { flow: "large" });
    acquire("small", 1, { flow: "small" });
    await tick();
    expect(admitted).toEqual(["first"]);
    first.release();
    await tick();
    expect(admitted).toEqual(["first", "large", "small"]);
  });

  it("keeps no light work of a flow waiting behind a heavy one of its own", async () => {
    const { acquire, admitted } = semaphore({ firstOnly: 3 });
    await acquire("heavy", 50, { flow: "a" });
    acquire("too heavy", 50, { flow: "b" });
    await acquire("light", 1, { flow: "b" });
    expect(admitted).toEqual(["heavy", "light"]);
  });

  it("lets in what is too heavy beside the rest, one at a time, the flows in turn", async () => {
    const { acquire, admitted } = semaphore({ urgentOnly: 2, firstOnly: 2 });
    await acquire("light", 6, { flow: "a" });
    const heavy = await acquire("heavy 1", 50, { flow: "a" });
    const next = acquire("heavy 2", 50, { flow: "a" });
    const other = acquire("heavy of another", 7, { flow: "b", urgent: true });
    await acquire("urgent", 2, { flow: "a", urgent: true });
    heavy.lighten(1);
    await tick();
    expect(admitted).toEqual(["light", "heavy 1", "urgent"]);
    heavy.lighten(0);
    heavy.release();
    (await other).release();
    await next;
    expect(admitted).toEqual(["light", "heavy 1", "urgent", "heavy of another", "heavy 2"]);
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
    const large = acquire("large", 8, { signal: abort.signal });
    const light = acquire("light", 2);
    abort.abort(new Error("not wanted"));
    await expect(large).rejects.toThrow("not wanted");
    await light;
    expect(admitted).toEqual(["first", "light"]);
    first.release();
    await expect(acquire("never", 1, { signal: abort.signal })).rejects.toThrow("not wanted");
  });
});
