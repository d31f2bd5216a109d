import type { Box } from "@facefleet/contracts";

/** The shared area of two boxes over the area that they cover together, 0 to 1. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x));
  const height = Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared) || 0;
}

/** Which found face stands for which reference face, by their indices. */
export interface BoxMatch {
  readonly reference: number;
  readonly found: number;
  readonly iou: number;
}

/**
 * Gives each found box, in the order given, the reference box that it overlaps most of those still free,
 * if by at least `minIou`. No box is used twice.
 */
export function matchBoxes(reference: readonly Box[], found: readonly Box[], minIou: number): BoxMatch[] {
  const free = new Set(reference.keys());
  const matches: BoxMatch[] = [];
  for (const [index, box] of found.entries()) {
    const best = [...free]
      .map((candidate) => ({
        reference: candidate,
        found: index,
        iou: intersectionOverUnion(reference[candidate] as Box, box),
      }))
      .reduce<BoxMatch | undefined>((a, b) => (a && a.iou >= b.iou ? a : b), undefined);
    if (!best || best.iou < minIou) continue;
    free.delete(best.reference);
    matches.push(best);
  }
  return matches;
}
