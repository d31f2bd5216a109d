import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeviceQueue, type Standing } from "./device-queue.js";

const standing =
  (rank: number, { flows = [""], isUrgent = false }: { flows?: string[]; isUrgent?: boolean } = {}): (() => Standing) =>
  () => ({ claims: flows.map((flow) => ({ flow, isUrgent })), rank });

describe("a device queue", () => {
  let now: number;
  let done: string[];
  beforeEach(() => {
    now = 1000;
    done = [];
    vi.spyOn(performance, "now").mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Work for some flows that takes a while of the device. */
  const work =
    (name: string, { flows = [""], takesMs = 1 } = {}) =>
    async () => {
      await delay(1);
      now += takesMs;
      done.push(name);
      return new Map(flows.map((flow) => [flow, flows.filter((one) => one === flow).length]));
    };

  it("does one thing at a time, the lowest rank first, and equals in order", async () => {
    const device = new DeviceQueue();
    await Promise.all([3, 1, 2, 1].map((rank, i) => device.run(standing(rank), work(`${rank}${"abcd"[i]}`))));
    expect(done).toEqual(["1b", "1d", "2c", "3a"]);
  });

  it("asks for ranks when the device is free, and lets what follows from a result be next", async () => {
    const device = new DeviceQueue();
    let late = 9;
    const first = device.run(standing(0), work("first")).then(() => device.run(standing(1), work("follows")));
    const raised = device.run(() => standing(late)(), work("raised"));
    const other = device.run(standing(5), work("other"));
    await delay(0);
    late = 2;
    await Promise.all([first, raised, other]);
    expect(done).toEqual(["first", "follows", "raised", "other"]);
  });

  it("lets what is urgent go before all else", async () => {
    const device = new DeviceQueue();
    const urgent = device.run(standing(9, { isUrgent: true }), work("urgent"));
    await Promise.all([device.run(standing(0), work("patient")), urgent]);
    expect(done).toEqual(["urgent", "patient"]);
  });

  it("puts nobody off for ever for what is urgent of another", async () => {
    const device = new DeviceQueue();
    const urgent = Array.from({ length: 10 }, (_, i) =>
      device.run(standing(0, { flows: ["many"], isUrgent: true }), work(`${i}`, { flows: ["many"], takesMs: 30 })),
    );
    const patient = device.run(standing(9, { flows: ["one"] }), work("patient", { flows: ["one"] }));
    await Promise.all([...urgent, patient]);
    expect(done.slice(0, 3)).toEqual(["0", "patient", "1"]);
  });

  it("begins with the claim whose turn it is", async () => {
    const device = new DeviceQueue();
    await device.run(standing(0, { flows: ["a"] }), work("a", { flows: ["a"], takesMs: 30 }));
    const claims = [
      { flow: "a", isUrgent: true },
      { flow: "b", isUrgent: false },
    ];
    await device.run(standing(0, { flows: ["b"] }), work("b", { flows: ["b"], takesMs: 1 }));
    const firsts: unknown[] = [];
    const both = async () => {
      await device.run(
        () => ({ claims, rank: 0 }),
        async (claim) => {
          firsts.push(claim);
          return new Map();
        },
      );
    };
    await Promise.all([both(), both()]);
    expect(firsts).toEqual([claims[1], claims[1]]);
  });

  it("lets flows have the same of it, whatever the rank of their work", async () => {
    const device = new DeviceQueue();
    const many = Array.from({ length: 6 }, (_, i) =>
      device.run(standing(0, { flows: ["many"] }), work(`many ${i}`, { flows: ["many"], takesMs: 30 })),
    );
    const few = Array.from({ length: 3 }, (_, i) =>
      device.run(standing(9, { flows: ["few"] }), work(`few ${i}`, { flows: ["few"], takesMs: 60 })),
    );
    await Promise.all([...many, ...few]);
    expect(done.join()).toBe("many 0,few 0,many 1,many 2,few 1,many 3,many 4,few 2,many 5");
  });

  it("keeps nobody waiting for another's small batches that never end", async () => {
    const device = new DeviceQueue();
    let left = 200;
    const endless = async (): Promise<void> => {
      if (left-- <= 0) return;
      await device.run(standing(0, { flows: ["many"] }), work("many", { flows: ["many"], takesMs: 5 }));
      await endless();
    };
    const many = Promise.all([endless(), endless()]);
    await vi.waitFor(() => expect(done.length).toBeGreaterThan(2));
    const before = done.length;
    await device.run(standing(9, { flows: ["one"] }), work("one", { flows: ["one"] }));
    expect(done.indexOf("one") - before).toBeLessThan(12);
    await many;
  });

  it("owes a new one nothing for what another has had before", async () => {
    const device = new DeviceQueue();
    const run = (flow: string, rank: number) =>
      device.run(standing(rank, { flows: [flow] }), work(flow, { flows: [flow], takesMs: 100 }));
    for (let i = 0; i < 50; i++) await run("old", 9);
    done.length = 0;
    await Promise.all([...Array(5)].flatMap(() => [run("new", 0), run("old", 9)]));
    expect(done.slice(0, 4).filter((flow) => flow === "old").length).toBeGreaterThanOrEqual(1);
  });

  it("goes on by ranks where all the work of a stage has been taken back", async () => {
    const device = new DeviceQueue();
    await Promise.all([
      device.run(standing(2, { flows: ["a"] }), work("a", { flows: ["a"] })),
      device.run(standing(1, { flows: [] }), work("nobody", { flows: [] })),
    ]);
    await device.run(standing(0, { flows: ["b"] }), work("b", { flows: ["b"] }));
    expect(done).toEqual(["nobody", "a", "b"]);
  });

  it("charges each flow of a batch for its items, and lets nobody save up", async () => {
    const device = new DeviceQueue();
    const shared = { flows: ["a", "a", "a", "b"], takesMs: 400 };
    await device.run(standing(0, { flows: ["a", "b"] }), work("shared", shared));
    await device.run(standing(0, { flows: ["b"] }), work("b", { flows: ["b"], takesMs: 100 }));
    const of = (flow: string) => device.run(standing(0, { flows: [flow] }), work(flow, { flows: [flow], takesMs: 90 }));
    done.length = 0;
    // Behind are b, by 100 of the 300 that a had, and c, which has had nothing and begins where b is.
    await Promise.all([of("a"), of("b"), of("c"), of("c"), of("a")]);
    expect(done.slice(0, 3).sort()).toEqual(["b", "c", "c"]);
    expect(done.slice(3)).toEqual(["a", "a"]);
  });

  it("begins what it may ahead of the end, but not while somebody waits for an answer", async () => {
    const device = new DeviceQueue(1);
    let begun = 0;
    let most = 0;
    const counted = async () => {
      most = Math.max(most, ++begun);
      await delay(5);
      begun--;
      return new Map([["", 1]]);
    };
    const three = (isUrgent: boolean) =>
      Promise.all([0, 0, 0].map((rank) => device.run(standing(rank, { isUrgent }), counted)));
    await three(false);
    expect(most).toBe(2);
    most = 0;
    await three(true);
    await three(false);
    expect(most, "nor soon after").toBe(1);
    now += 2000;
    await three(false);
    expect(most).toBe(2);
  });

  it("hands on what the work throws and goes on", async () => {
    const device = new DeviceQueue();
    const failing = device.run(standing(0), () => Promise.reject(new Error("broken")));
    const next = device.run(standing(0), work("fine"));
    await expect(failing).rejects.toThrow("broken");
    await next;
    expect(done).toEqual(["fine"]);
  });
});
