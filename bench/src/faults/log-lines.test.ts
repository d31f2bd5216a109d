import { expect, test } from "vitest";
import { densest } from "./log-lines.js";

const lines = (message: string, ...seconds: number[]) => seconds.map((second) => ({ time: second * 1000, message }));

test("counts the lines of the ten seconds that have the most", () => {
  expect(densest([...lines("a", 1, 30), ...lines("b", 41, 42, 43, 50), ...lines("c", 51)])).toEqual({
    perSecond: 0.4,
    mostly: "b (4 times)",
  });
});

test("of no lines there are none a second", () => {
  expect(densest([])).toEqual({ perSecond: 0, mostly: "" });
});
