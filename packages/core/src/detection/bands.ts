import { cellSize } from "./image-pyramid.js";

/** Pixels between neighbouring cells of P-Net. */
export const cellStride = 2;

/** Rows of a level's pixels that P-Net looks at in one run: `top` up to, but without, `bottom`. */
export interface Band {
  readonly top: number;
  readonly bottom: number;
}

/**
 * Cuts a level into bands of at most `maxPixels`, or of a single row of cells. Neighbours share the pixels
 * that both need: each cell is in one band, and sees there what it sees in the whole level.
 */
export function bandsOf({ width, height }: { width: number; height: number }, maxPixels: number): Band[] {
  const shared = cellSize - cellStride;
  const cellRows = Math.max(1, Math.floor((maxPixels / width - shared) / cellStride));
  const bands: Band[] = [];
  for (let top = 0; top === 0 || top + shared < height; top += cellRows * cellStride) {
    bands.push({ top, bottom: Math.min(height, top + cellRows * cellStride + shared) });
  }
  return bands;
}
