import { thresholdAtFalseAcceptRate } from "./choose-threshold.js";
import { type OperatingPoint, operatingPoint, type ScoredPair } from "./scored-pair.js";

/** A picture of somebody, by an embedding of Euclidean length 1. */
export interface PersonPicture {
  readonly person: string;
  readonly embedding: Float32Array;
}

/** Every two of the pictures: many more pairs than a protocol lists, though they are not independent of each other. */
export function everyPair(pictures: readonly PersonPicture[]): ScoredPair[] {
  const pairs: ScoredPair[] = [];
  for (const [i, a] of pictures.entries()) {
    for (const b of pictures.slice(i + 1)) {
      pairs.push({ distance: unitDistance(a.embedding, b.embedding), same: a.person === b.person });
    }
  }
  return pairs;
}

/** At the largest threshold that accepts at most this share of the different pairs. */
export function atFalseAcceptRate(pairs: readonly ScoredPair[], rate: number): OperatingPoint {
  return operatingPoint(pairs, thresholdAtFalseAcceptRate(pairs, rate));
}

/** For vectors of length 1 the squared distance is 2 - 2 cos. */
function unitDistance(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  return Math.sqrt(Math.max(0, 2 - 2 * dot));
}
