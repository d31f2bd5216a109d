/** The vector scaled to length 1, as a fresh array. The zero vector stays zero. */
export function l2Normalise(vector: ArrayLike<number>): Float32Array {
  const length = Math.hypot(...Array.from(vector)) || 1;
  return Float32Array.from(vector, (value) => value / length);
}
