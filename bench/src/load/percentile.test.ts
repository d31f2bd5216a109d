import { expect, test } from "vitest";
import { median, percentile } from "./percentile.js";

test("takes the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([0, 0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 95, 99, 100]);
});

test("of one value it is that value, of none it is no number", () => {
  expect(percentile([7], 0.99)).toBe(7);
  expect(median([])).toBeNaN();
});
