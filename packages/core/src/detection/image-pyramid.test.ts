import { expect, it } from "vitest";
import { imagePyramid } from "./image-pyramid.js";

it("starts where the smallest face is as large as a cell, and ends where the image is", () => {
  const levels = imagePyramid(1200, 630, 20, 0.709);
  expect(levels[0]).toMatchObject({ scale: 0.6, width: 721, height: 379 });
  const last = levels.at(-1)!;
  expect(630 * last.scale).toBeGreaterThanOrEqual(12);
  expect(630 * last.scale * 0.709).toBeLessThan(12);
});

it("shrinks each level by the factor", () => {
  const [first, second] = imagePyramid(200, 100, 20, 0.709);
  expect(second!.scale / first!.scale).toBeCloseTo(0.709);
});

it("has no level for an image smaller than the smallest face", () => {
  expect(imagePyramid(19, 400, 20, 0.709)).toEqual([]);
});
