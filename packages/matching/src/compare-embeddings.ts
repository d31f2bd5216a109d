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
  const lengths = expectUsable(a, "the first embedding") * expectUsable(b, "the second embedding");
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

/** The length of a vector. @throws ProblemError `invalid_embedding` for one that is no embedding, by the name it is given */
export function expectUsable(vector: ArrayLike<number>, name: string): number {
  if (vector.length !== embeddingDimensions) {
    throw invalid(`Expected ${embeddingDimensions} numbers for ${name} but received ${vector.length}`);
  }
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    if (!Number.isFinite(value)) {
      throw invalid(`Expected finite numbers for ${name} but received ${value} at index ${i}`);
    }
    sum += value * value;
  }
  if (sum === 0) throw invalid(`Expected a direction for ${name} but received the zero vector`);
  if (!Number.isFinite(sum)) throw invalid(`Expected moderate numbers for ${name} but their squares overflow`);
  return Math.sqrt(sum);
}

function invalid(detail: string): ProblemError {
  return new ProblemError("invalid_embedding", detail);
}
