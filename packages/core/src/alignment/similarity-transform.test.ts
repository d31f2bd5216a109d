import { describe, expect, it } from "vitest";
import { estimateSimilarity, inverse, type SimilarityTransform, transformed } from "./similarity-transform.js";

const square = [
  { x: 0, y: 0 },
  { x: 2, y: 0 },
  { x: 2, y: 2 },
  { x: 0, y: 2 },
];
/** By 30 degrees, three times as large, and moved. */
const known: SimilarityTransform = { a: 3 * Math.cos(Math.PI / 6), b: 3 * Math.sin(Math.PI / 6), dx: -7, dy: 11 };

function expectClose(actual: SimilarityTransform | undefined, expected: SimilarityTransform): void {
  for (const key of ["a", "b", "dx", "dy"] as const) expect(actual?.[key]).toBeCloseTo(expected[key], 9);
}

describe("estimateSimilarity", () => {
  it("finds the transform that the points went through", () => {
    const moved = square.map((point) => transformed(known, point));
    expectClose(estimateSimilarity(square, moved), known);
  });

  it("turns to the right side: x to y", () => {
    const quarter = square.map(({ x, y }) => ({ x: -y, y: x }));
    expectClose(estimateSimilarity(square, quarter), { a: 0, b: 1, dx: 0, dy: 0 });
  });

  it("is the least-squares fit where no transform is exact", () => {
    const bent = square.map((point, i) => (i === 2 ? { x: 4, y: 3 } : point));
    const fit = estimateSimilarity(square, bent) as SimilarityTransform;
    const error = (t: SimilarityTransform) =>
      square.reduce((sum, point, i) => {
        const { x, y } = transformed(t, point);
        return sum + (x - bent[i]!.x) ** 2 + (y - bent[i]!.y) ** 2;
      }, 0);
    for (const key of ["a", "b", "dx", "dy"] as const) {
      for (const step of [-0.01, 0.01]) expect(error({ ...fit, [key]: fit[key] + step })).toBeGreaterThan(error(fit));
    }
  });

  it("knows no direction of points that are one", () => {
    expect(estimateSimilarity([square[1]!, square[1]!], [square[0]!, square[2]!])).toBeUndefined();
    expect(estimateSimilarity([square[0]!, square[2]!], [square[1]!, square[1]!])).toBeUndefined();
  });
});

it("inverse undoes", () => {
  const back = transformed(inverse(known), transformed(known, { x: 5, y: -2 }));
  expect(back.x).toBeCloseTo(5, 9);
  expect(back.y).toBeCloseTo(-2, 9);
});
