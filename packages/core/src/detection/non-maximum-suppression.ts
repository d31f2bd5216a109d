import { type CallOptions, ThreadTurn } from "../batching/index.js";
import { BoxGrid } from "./box-grid.js";
import type { CandidateBox } from "./candidate-box.js";

/** How much two boxes overlap, 0 to 1. */
export type OverlapMeasure = (a: CandidateBox, b: CandidateBox) => number;

/** Intersection over union. */
export const overUnion: OverlapMeasure = (a, b) => {
  const shared = span(a.x1, a.x2, b.x1, b.x2) * span(a.y1, a.y2, b.y1, b.y2);
  return shared === 0 ? 0 : shared / (area(a) + area(b) - shared);
};

/** Intersection over the smaller box, both counting their last pixel, as the reference does after O-Net. */
export const overSmaller: OverlapMeasure = (a, b) => {
  const shared = span(a.x1, a.x2 + 1, b.x1, b.x2 + 1) * span(a.y1, a.y2 + 1, b.y1, b.y2 + 1);
  return shared === 0 ? 0 : shared / Math.min(area(a, 1), area(b, 1));
};

function span(a1: number, a2: number, b1: number, b2: number): number {
  return Math.max(0, Math.min(a2, b2) - Math.max(a1, b1));
}

function area(box: CandidateBox, inclusive = 0): number {
  return (box.x2 - box.x1 + inclusive) * (box.y2 - box.y1 + inclusive);
}

/**
 * Greedy non-maximum suppression: the best box stays, and of the others those that overlap no box that
 * stays by more than `threshold`, which is above 0. Answers the boxes kept, best first; of equals, the first
 * comes first. Shares the thread; rejects with the reason of the call's signal.
 */
export async function suppressNonMaxima<Box extends CandidateBox>(
  boxes: readonly Box[],
  threshold: number,
  overlap: OverlapMeasure,
  call?: CallOptions,
): Promise<Box[]> {
  const turn = new ThreadTurn(call);
  const grid = new BoxGrid<Box>(boxes);
  const kept: Box[] = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (turn.isOver) await turn.pass();
    if (grid.someNear(box, (better) => overlap(better, box) > threshold)) continue;
    grid.add(box);
    kept.push(box);
  }
  return kept;
}
