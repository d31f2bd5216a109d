/** A box that may hold a face, in pixels of its upright image. */
export interface CandidateBox {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** Probability of a face, 0 to 1. */
  readonly score: number;
}

/**
 * Moves a box's edges by a network's `offsets`: shares of the box's width and height, for x1, y1, x2, y2.
 * `inclusive` is 1 where the reference counts the last pixel into the box's size (after R- and O-Net), 0
 * where it does not (after P-Net).
 */
export function regress(box: CandidateBox, offsets: Float32Array, inclusive: 0 | 1): CandidateBox {
  const width = box.x2 - box.x1 + inclusive;
  const height = box.y2 - box.y1 + inclusive;
  const [x1, y1, x2, y2] = offsets as unknown as readonly [number, number, number, number];
  return {
    x1: box.x1 + x1 * width,
    y1: box.y1 + y1 * height,
    x2: box.x2 + x2 * width,
    y2: box.y2 + y2 * height,
    score: box.score,
  };
}

/** The square around a box's centre whose side is the box's longer one. */
export function toSquare(box: CandidateBox): CandidateBox {
  const width = box.x2 - box.x1;
  const height = box.y2 - box.y1;
  const side = Math.max(width, height);
  const x1 = box.x1 + (width - side) / 2;
  const y1 = box.y1 + (height - side) / 2;
  return { x1, y1, x2: x1 + side, y2: y1 + side, score: box.score };
}
