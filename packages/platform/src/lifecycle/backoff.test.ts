import { expect, it } from "vitest";
import { Backoff } from "./backoff.js";

it("waits longer after each failure, up to its limit, and begins anew after a success", () => {
  const backoff = new Backoff({ firstMs: 100, longestMs: 1000, random: () => 0 });
  expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(backoff.failures).toBe(6);
  backoff.reset();
  expect(backoff.next()).toBe(100);
  for (let times = 0; times < 2000; times++) expect(backoff.next()).toBeLessThanOrEqual(1000);
});

it("spreads those that failed together over a quarter of the pause", () => {
  const pauses = [0, 0.5, 1].map((place) => new Backoff({ firstMs: 100, longestMs: 100, random: () => place }).next());
  expect(pauses).toEqual([100, 88, 75]);
});
