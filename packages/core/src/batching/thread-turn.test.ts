import { setImmediate as tick } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CallOptions } from "./dynamic-batcher.js";
import { ThreadTurn } from "./thread-turn.js";

let now = 1000;
beforeEach(() => {
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => {
  vi.restoreAllMocks();
});

it("is over after a stretch, and begins anew with each pass", async () => {
  const turn = new ThreadTurn();
  expect(turn.isOver).toBe(false);
  now += 10;
  expect(turn.isOver).toBe(true);
  await turn.pass();
  expect(turn.isOver).toBe(false);
});

it("lets one computation go on at a time, and everything else between any two", async () => {
  const went: number[] = [];
  const all = Promise.all(
    [1, 2, 3].map(async (computation) => {
      const turn = new ThreadTurn();
      for (let stretch = 0; stretch < 2; stretch++) {
        await turn.pass();
        went.push(computation);
      }
    }),
  );
  const seen: number[] = [];
  for (let round = 0; round < 7; round++) {
    seen.push(went.length);
    await tick();
  }
  await all;
  expect(went).toEqual([1, 2, 3, 1, 2, 3]);
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it("lets flows take turns, and what is urgent go first", async () => {
  const went: string[] = [];
  const pass = async (name: string, call: CallOptions) => {
    await new ThreadTurn(call).pass();
    went.push(name);
  };
  await Promise.all([
    pass("a1", { flow: "a" }),
    pass("a2", { flow: "a" }),
    pass("a3", { flow: "a" }),
    pass("b1", { flow: "b" }),
    pass("urgent", { flow: "a", urgent: true }),
  ]);
  expect(went).toEqual(["urgent", "a1", "b1", "a2", "a3"]);
});

it("rejects with the reason of a signal that fires meanwhile", async () => {
  const abort = new AbortController();
  const passing = new ThreadTurn({ signal: abort.signal }).pass();
  abort.abort(new Error("not wanted"));
  await expect(passing).rejects.toThrow("not wanted");
});
