import { expect, test } from "vitest";
import { retryDelay, retryDelaysMs } from "./retry-schedule.js";

const tries = retryDelaysMs.map((_, index) => index + 1);
const seconds = (random: number) => tries.map((count) => retryDelay({ tries: count, random: () => random })! / 1000);

test("waits 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, and then gives up", () => {
  expect(seconds(0)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 36_000]);
  expect(retryDelay({ tries: 8 })).toBeUndefined();
});

test("is late by up to a fifth, and never early", () => {
  expect(seconds(1)).toEqual([6, 360, 2160, 8640, 21_600, 43_200, 43_200]);
  for (let i = 0; i < 100; i++) {
    const delay = retryDelay({ tries: 1 })!;
    expect(delay).toBeGreaterThanOrEqual(5000);
    expect(delay).toBeLessThanOrEqual(6000);
  }
});

test("spreads what failed together", () => {
  const delays = new Set(Array.from({ length: 50 }, () => retryDelay({ tries: 2 })));
  expect(delays.size).toBeGreaterThan(25);
});

test("waits as long as the receiver asks, a day at most, and never less than scheduled", () => {
  const after = (retryAfterMs: number) => retryDelay({ tries: 1, retryAfterMs, random: () => 0 });
  expect(after(90_000)).toBe(90_000);
  expect(after(0)).toBe(5000);
  expect(after(365 * 24 * 3_600_000)).toBe(24 * 3_600_000);
});
