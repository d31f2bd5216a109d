/** Two images, how far apart their embeddings are, and whether they show the same person. */
export interface ScoredPair {
  /** Euclidean distance of the L2-normalised embeddings, 0 to 2. */
  readonly distance: number;
  readonly same: boolean;
}

/** What a threshold does to a set of pairs. Rates and accuracy are 0 to 1. */
export interface OperatingPoint {
  /** Pairs at a smaller distance are taken for the same person. */
  readonly threshold: number;
  readonly accuracy: number;
  /** Share of the different pairs that are accepted; NaN without any. */
  readonly falseAcceptRate: number;
  /** Share of the same pairs that are rejected; NaN without any. */
  readonly falseRejectRate: number;
}

/** The distances of the genuine and of the impostor pairs. */
export interface PairDistances {
  readonly same: ArrayLike<number>;
  readonly different: ArrayLike<number>;
}

export function operatingPoint(pairs: readonly ScoredPair[], threshold: number): OperatingPoint {
  return operatingPointOf(distancesByKind(pairs), threshold);
}

export function operatingPointOf({ same, different }: PairDistances, threshold: number): OperatingPoint {
  const accepted = countBelow(different, threshold);
  const rejected = same.length - countBelow(same, threshold);
  return {
    threshold,
    accuracy: 1 - (accepted + rejected) / (same.length + different.length),
    falseAcceptRate: accepted / different.length,
    falseRejectRate: rejected / same.length,
  };
}

function countBelow(distances: ArrayLike<number>, threshold: number): number {
  let count = 0;
  for (let i = 0; i < distances.length; i++) if (distances[i]! < threshold) count++;
  return count;
}

/** The distances by kind, in the order of the pairs. */
export function distancesByKind(pairs: readonly ScoredPair[]): { same: number[]; different: number[] } {
  const distances = (wanted: boolean) => pairs.filter(({ same }) => same === wanted).map(({ distance }) => distance);
  return { same: distances(true), different: distances(false) };
}
