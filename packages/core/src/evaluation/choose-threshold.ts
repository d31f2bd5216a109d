import type { PairDistances, ScoredPair } from "./scored-pair.js";

/**
 * The threshold of highest accuracy, half-way between two neighbouring distances. Of equally good ones it
 * is the middle one, so that a stray pair does not drag it to an edge.
 */
export function bestThreshold(pairs: readonly ScoredPair[]): number {
  const sorted = [...pairs].sort((a, b) => a.distance - b.distance);
  let correct = sorted.filter(({ same }) => !same).length;
  let most = correct;
  let best = [(sorted[0]?.distance ?? 0) / 2];
  for (const [i, { distance, same }] of sorted.entries()) {
    correct += same ? 1 : -1;
    const next = sorted[i + 1]?.distance ?? 2;
    if (next === distance || correct < most) continue;
    if (correct > most) best = [];
    most = correct;
    best.push((distance + next) / 2);
  }
  return best[Math.floor((best.length - 1) / 2)] as number;
}

/**
 * The largest threshold that accepts at most `rate` of the different pairs, rounded down to whole pairs:
 * fewer than 1 / `rate` of them allow no false accept at all.
 */
export function thresholdAtFalseAcceptRate({ different }: Pick<PairDistances, "different">, rate: number): number {
  const impostors = new Float64Array(different).sort();
  // The tiny addend keeps 0.29 * 100 from being 28.
  const allowed = Math.floor(rate * impostors.length + 1e-9);
  return impostors[allowed] ?? Number.POSITIVE_INFINITY;
}
