import { expect, it } from "vitest";
import { regress, toSquare } from "./candidate-box.js";

const box = { x1: 10, y1: 20, x2: 30, y2: 60, score: 0.8 };

it("moves each edge by its share of the box's size", () => {
  expect(regress(box, Float32Array.of(0.125, 0.125, -0.25, -0.25), 0)).toEqual({
    ...box,
    x1: 12.5,
    y1: 25,
    x2: 25,
    y2: 50,
  });
});

it("counts the last pixel in when told", () => {
  expect(regress({ ...box, x2: 29, y2: 59 }, Float32Array.of(0.5, 0, 0, 0.5), 1)).toMatchObject({ x1: 20, y2: 79 });
});

it("squares a box around its centre", () => {
  expect(toSquare(box)).toEqual({ ...box, x1: 0, x2: 40 });
});
