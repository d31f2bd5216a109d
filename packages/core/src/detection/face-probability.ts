/**
 * Softmax over the two logits (not a face, a face) at `at`: the probability of a face. In float32 as the reference
 * computes it: sure scores are equal then, and order decides between them.
 */
export function faceProbability(logits: Float32Array, at = 0): number {
  return Math.fround(1 / Math.fround(1 + Math.exp(logits[at]! - logits[at + 1]!)));
}

/** How much the second logit must exceed the first for a probability of `probability`. */
export function logitMargin(probability: number): number {
  return Math.log(probability / (1 - probability));
}
