import { thresholdAtFalseAcceptRate } from "./choose-threshold.js";
import { type OperatingPoint, operatingPointOf, type PairDistances } from "./scored-pair.js";

/** A picture of somebody, by an embedding of Euclidean length 1. */
export interface PersonPicture {
  readonly person: string;
  readonly embedding: Float32Array;
}

/** How many pairs of one person and of two the pictures of these make, one entry a picture. */
export function countEveryPair(people: readonly string[]): { same: number; different: number } {
  const pairsAmong = (pictures: number) => (pictures * (pictures - 1)) / 2;
  const pictures = new Map<string, number>();
  for (const person of people) pictures.set(person, (pictures.get(person) ?? 0) + 1);
  const same = [...pictures.values()].reduce((sum, count) => sum + pairsAmong(count), 0);
  return { same, different: pairsAmong(people.length) - same };
}

/**
 * The distances of every two of the pictures: many more pairs than a protocol lists, though they are not independent of
 * each other. The 7,701 pictures of LFW's pairs make 30 million, which is why they are kept as bare numbers.
 */
export function everyPair(pictures: readonly PersonPicture[]): PairDistances {
  const counts = countEveryPair(pictures.map(({ person }) => person));
  const [same, different] = [new Float64Array(counts.same), new Float64Array(counts.different)];
  let [sames, differents] = [0, 0];
  for (const [i, a] of pictures.entries()) {
    for (let k = i + 1; k < pictures.length; k++) {
      const b = pictures[k]!;
      const distance = unitDistance(a.embedding, b.embedding);
      if (a.person === b.person) same[sames++] = distance;
      else different[differents++] = distance;
    }
  }
  return { same, different };
}

/** At the largest threshold that accepts at most this share of the different pairs. */
export function atFalseAcceptRate(distances: PairDistances, rate: number): OperatingPoint {
  return operatingPointOf(distances, thresholdAtFalseAcceptRate(distances, rate));
}

/** For vectors of length 1 the squared distance is 2 - 2 cos. */
function unitDistance(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  return Math.sqrt(Math.max(0, 2 - 2 * dot));
}
