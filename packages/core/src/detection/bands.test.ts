import { expect, it } from "vitest";
import { bandsOf } from "./bands.js";

/** Rows of cells in so many rows of pixels: P-Net's 3 x 3, pooling by 2 rounded up, 3 x 3, 3 x 3. */
const cellRows = (height: number) => Math.ceil((height - 2) / 2) - 4;

it("leaves a level that is small enough whole", () => {
  expect(bandsOf({ width: 100, height: 52 }, 5200)).toEqual([{ top: 0, bottom: 52 }]);
});

it.each([13, 23, 24, 25, 26, 50, 51, 52, 53])("has each cell of %d rows of pixels once", (height) => {
  const bands = bandsOf({ width: 100, height }, 2400);
  let cells = 0;
  for (const { top, bottom } of bands) {
    expect(top).toBe(cells * 2);
    expect((bottom - top) * 100).toBeLessThanOrEqual(2400);
    cells += cellRows(bottom - top);
  }
  expect(cells).toBe(cellRows(height));
  expect(bands.at(-1)?.bottom).toBe(height);
});

it("takes one row of cells at a time when no more fit", () => {
  expect(bandsOf({ width: 100_000, height: 15 }, 1000)).toEqual([
    { top: 0, bottom: 12 },
    { top: 2, bottom: 14 },
    { top: 4, bottom: 15 },
  ]);
});
