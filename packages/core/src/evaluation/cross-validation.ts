import { type OperatingPoint, operatingPoint, type ScoredPair } from "./scored-pair.js";

export interface MeanWithError {
  readonly mean: number;
  /** Standard error of the mean: the sample's standard deviation over the root of its size. */
  readonly standardError: number;
}

/**
 * For each fold, what the threshold chosen on all others does to it: no pair judges the threshold that it
 * helped to choose (Huang et al. 2007, "Labeled Faces in the Wild", view 2).
 */
export function crossValidate(
  folds: readonly (readonly ScoredPair[])[],
  chooseThreshold: (pairs: readonly ScoredPair[]) => number,
): OperatingPoint[] {
  return folds.map((fold) => operatingPoint(fold, chooseThreshold(folds.filter((other) => other !== fold).flat())));
}

export function meanWithError(values: readonly number[]): MeanWithError {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}
