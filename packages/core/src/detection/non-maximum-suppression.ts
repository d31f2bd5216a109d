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
 * Greedy non-maximum suppression within each image: the best box stays, and of the others those that
 * overlap it by at most `threshold`. Answers the boxes kept, best first within an image.
 */
export function suppressNonMaxima<Box extends CandidateBox>(
  boxes: readonly Box[],
  threshold: number,
  overlap: OverlapMeasure,
): Box[] {
  const kept: Box[] = [];
  for (const ofImage of groupByImage(boxes).values()) {
    const first = kept.length;
    for (const box of ofImage.sort((a, b) => b.score - a.score)) {
      if (!overlapsAny(box, kept, first, threshold, overlap)) kept.push(box);
    }
  }
  return kept;
}

function overlapsAny(
  box: CandidateBox,
  kept: readonly CandidateBox[],
  first: number,
  threshold: number,
  overlap: OverlapMeasure,
): boolean {
  for (let i = first; i < kept.length; i++) {
    if (overlap(kept[i]!, box) > threshold) return true;
  }
  return false;
}

function groupByImage<Box extends CandidateBox>(boxes: readonly Box[]): Map<number, Box[]> {
  const groups = new Map<number, Box[]>();
  for (const box of boxes) {
    const group = groups.get(box.image);
    if (group) group.push(box);
    else groups.set(box.image, [box]);
  }
  return groups;
}
