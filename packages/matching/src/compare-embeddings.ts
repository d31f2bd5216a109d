import { type Comparison, embeddingDimensions, ProblemError } from "@facefleet/contracts";

/** Euclidean distances of L2-normalised embeddings below it are taken for the same person. */
export const matchThreshold = 1.0;

/**
 * Compares two embeddings, whatever their lengths as vectors. For unit vectors the squared distance is
 * 2 - 2 cos, so that one number follows from the other: a distance below 1.0 is a cosine above 0.5.
 *
 * @throws ProblemError `invalid_embedding` for a wrong number of values, a value that is not finite, or
 *   the zero vector.
 */
export function compareEmbeddings(a: ArrayLike<number>, b: ArrayLike<number>): Comparison {
  const lengths = vectorLength(a, "first") * vectorLength(b, "second");
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  const cosineSimilarity = Math.min(1, Math.max(-1, dot / lengths));
  const euclideanDistance = Math.sqrt(2 - 2 * cosineSimilarity);
  return {
    match: euclideanDistance < matchThreshold,
    similarity: (cosineSimilarity + 1) / 2,
    cosineSimilarity,
    euclideanDistance,
    threshold: matchThreshold,
  };
}

function vectorLength(vector: ArrayLike<number>, which: string): number {
  if (vector.length !== embeddingDimensions) {
    throw invalid(`Expected ${embeddingDimensions} numbers for the ${which} embedding but received ${vector.length}`);
  }
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    if (!Number.isFinite(value)) {
      throw invalid(`Expected finite numbers for the ${which} embedding but received ${value} at index ${i}`);
    }
    sum += value * value;
  }
  if (sum === 0) throw invalid(`Expected a direction for the ${which} embedding but received the zero vector`);
  if (!Number.isFinite(sum))
    throw invalid(`Expected moderate numbers for the ${which} embedding but their squares overflow`);
  return Math.sqrt(sum);
}

function invalid(detail: string): ProblemError {
  return new ProblemError("invalid_embedding", detail);
}
