import { expect, it } from "vitest";
import { faceProbability, logitMargin } from "./face-probability.js";

it("is the softmax of the second logit", () => {
  expect(faceProbability(Float32Array.of(9, 1, 1, Math.log(3)), 2)).toBeCloseTo(1 / (1 + Math.E / 3), 6);
});

it("saturates as float32 does, so that sure scores tie", () => {
  expect(faceProbability(Float32Array.of(0, 17))).toBe(faceProbability(Float32Array.of(0, 25)));
  expect(faceProbability(Float32Array.of(0, 15))).toBeLessThan(1);
});

it.each([0.5, 0.6, 0.7, 0.999])("has the margin of a probability of %d", (probability) => {
  expect(faceProbability(Float32Array.of(0, logitMargin(probability)))).toBeCloseTo(probability, 6);
});
