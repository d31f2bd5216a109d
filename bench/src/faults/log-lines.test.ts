import { expect, test } from "vitest";
import { byPartsAway, densest } from "./log-lines.js";

const lines = (message: string, ...seconds: number[]) => seconds.map((second) => ({ time: second * 1000, message }));

test("counts the lines of the ten seconds that have the most", () => {
  expect(densest([...lines("a", 1, 30), ...lines("b", 41, 42, 43, 50), ...lines("c", 51)])).toEqual({
    perSecond: 0.4,
    mostly: "b (4 times)",
  });
});

test("tells the lines of one part's trouble from those of two at once", () => {
  const faults = [{ trouble: 0 }, { trouble: 1 }, { trouble: 1 }, { trouble: 2 }];
  const { one, two } = byPartsAway(lines("a", 5, 10, 19, 20, 35), [10_000, 20_000, 30_000], faults);
  expect(one.map(({ time }) => time)).toEqual([5000, 10_000, 19_000, 35_000]);
  expect(two.map(({ time }) => time)).toEqual([20_000]);
});

test("of no lines there are none a second", () => {
  expect(densest([])).toEqual({ perSecond: 0, mostly: "" });
});
