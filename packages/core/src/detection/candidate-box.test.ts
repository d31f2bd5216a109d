import { expect, it } from "vitest";
import { regress, toSquare } from "./candidate-box.js";

const box = { image: 2, x1: 10, y1: 20, x2: 30, y2: 60, score: 0.8 };

it("moves each edge by its share of the box's size", () => {
  expect(regress(box, [0.1, 0.1, -0.1, -0.1], 0)).toEqual({ ...box, x1: 12, y1: 24, x2: 28, y2: 56 });
});

it("counts the last pixel in when told", () => {
  expect(regress({ ...box, x2: 29, y2: 59 }, [0.5, 0, 0, 0.5], 1)).toMatchObject({ x1: 20, y2: 79 });
});

it("squares a box around its centre", () => {
  expect(toSquare(box)).toEqual({ ...box, x1: 0, x2: 40 });
});
