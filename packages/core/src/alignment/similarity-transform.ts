import type { Point } from "@facefleet/contracts";

/** Turns, scales and shifts the plane: (x, y) to (a x - b y + dx, b x + a y + dy). */
export interface SimilarityTransform {
  /** Scale times the cosine of the angle. */
  readonly a: number;
  /** Scale times the sine of the angle. */
  readonly b: number;
  readonly dx: number;
  readonly dy: number;
}

/**
 * The similarity transform, without reflection, that brings `from` nearest to `to` in the least-squares sense
 * (Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991; in
 * the plane its solution is the quotient of two sums). Undefined where `from` gives no direction, as when all
 * its points are one.
 */
export function estimateSimilarity(from: readonly Point[], to: readonly Point[]): SimilarityTransform | undefined {
  const source = mean(from);
  const target = mean(to);
  let along = 0;
  let across = 0;
  let spread = 0;
  for (const [i, point] of from.entries()) {
    const [x, y] = [point.x - source.x, point.y - source.y];
    const [u, v] = [to[i]!.x - target.x, to[i]!.y - target.y];
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  const a = along / spread;
  const b = across / spread;
  if (!(Math.hypot(a, b) > 0 && Number.isFinite(a + b))) return undefined;
  return { a, b, dx: target.x - a * source.x + b * source.y, dy: target.y - b * source.x - a * source.y };
}

/** The transform that undoes one. */
export function inverse({ a, b, dx, dy }: SimilarityTransform): SimilarityTransform {
  const square = a * a + b * b;
  const [c, s] = [a / square, -b / square];
  return { a: c, b: s, dx: -c * dx + s * dy, dy: -s * dx - c * dy };
}

export function transformed({ a, b, dx, dy }: SimilarityTransform, { x, y }: Point): Point {
  return { x: a * x - b * y + dx, y: b * x + a * y + dy };
}

function mean(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}
