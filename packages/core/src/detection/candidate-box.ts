import type { Tensor } from "../engines/index.js";

/**
 * A box that may hold a face, in pixels of its upright image. The image's index in the batch travels
 * with it, so that all images' candidates can share a run of the next network.
 */
export interface CandidateBox {
  readonly image: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** Probability of a face, 0 to 1. */
  readonly score: number;
}

/** How a network wants a box's edges moved, as shares of its width and height: x1, y1, x2, y2. */
export type BoxOffsets = readonly [x1: number, y1: number, x2: number, y2: number];

/** The offsets in one row of a network's output. */
export function offsetsAt({ data }: Tensor, row: number): BoxOffsets {
  return [data[row * 4]!, data[row * 4 + 1]!, data[row * 4 + 2]!, data[row * 4 + 3]!];
}

/**
 * Moves a box's edges by a network's offsets. `inclusive` is 1 where the reference counts the last pixel
 * into the box's size (after R- and O-Net), 0 where it does not (after P-Net).
 */
export function regress(box: CandidateBox, [x1, y1, x2, y2]: BoxOffsets, inclusive: 0 | 1): CandidateBox {
  const width = box.x2 - box.x1 + inclusive;
  const height = box.y2 - box.y1 + inclusive;
  return {
    ...box,
    x1: box.x1 + x1 * width,
    y1: box.y1 + y1 * height,
    x2: box.x2 + x2 * width,
    y2: box.y2 + y2 * height,
  };
}

/** The square around a box's centre whose side is the box's longer one. */
export function toSquare(box: CandidateBox): CandidateBox {
  const width = box.x2 - box.x1;
  const height = box.y2 - box.y1;
  const side = Math.max(width, height);
  const x1 = box.x1 + (width - side) / 2;
  const y1 = box.y1 + (height - side) / 2;
  return { ...box, x1, y1, x2: x1 + side, y2: y1 + side };
}
