import type { ScoredPair } from "./scored-pair.js";

/** One corner of the receiver operating characteristic; both rates 0 to 1. */
export interface RocPoint {
  readonly falseAcceptRate: number;
  readonly trueAcceptRate: number;
}

/**
 * The rates at every threshold that tells pairs apart, from nothing accepted to everything. Pairs at the
 * same distance are accepted together. Needs pairs of both kinds.
 */
export function rocCurve(pairs: readonly ScoredPair[]): RocPoint[] {
  const sorted = [...pairs].sort((a, b) => a.distance - b.distance);
  const sames = sorted.filter(({ same }) => same).length;
  const points: RocPoint[] = [{ falseAcceptRate: 0, trueAcceptRate: 0 }];
  let [same, different] = [0, 0];
  for (const [i, pair] of sorted.entries()) {
    if (pair.same) same++;
    else different++;
    if (sorted[i + 1]?.distance === pair.distance) continue;
    points.push({ falseAcceptRate: different / (sorted.length - sames), trueAcceptRate: same / sames });
  }
  return points;
}

/**
 * The area under the curve: how often a same pair is nearer than a different one, ties counting half
 * (Fawcett 2006, "An introduction to ROC analysis").
 */
export function areaUnderCurve(curve: readonly RocPoint[]): number {
  return segments(curve).reduce(
    (area, [a, b]) => area + ((b.falseAcceptRate - a.falseAcceptRate) * (a.trueAcceptRate + b.trueAcceptRate)) / 2,
    0,
  );
}

/** The rate at which false accepts and false rejects are equally frequent, on the straight lines of the curve. */
export function equalErrorRate(curve: readonly RocPoint[]): number {
  const surplus = ({ falseAcceptRate, trueAcceptRate }: RocPoint) => falseAcceptRate - (1 - trueAcceptRate);
  for (const [a, b] of segments(curve)) {
    if (surplus(b) < 0) continue;
    const share = surplus(a) / (surplus(a) - surplus(b));
    return a.falseAcceptRate + share * (b.falseAcceptRate - a.falseAcceptRate);
  }
  return Number.NaN;
}

function segments(curve: readonly RocPoint[]): [RocPoint, RocPoint][] {
  return curve.slice(1).map((point, i) => [curve[i] as RocPoint, point]);
}
