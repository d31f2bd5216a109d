/** A run of input positions for each output position. */
export interface Cells {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The longest run. */
  readonly longest: number;
}

/**
 * Of `count` output positions over the input from `from` up to, but without, `to`: the positions that each one touches.
 * Enlarging repeats positions.
 */
export function cells(from: number, to: number, count: number): Cells {
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let longest = 0;
  for (let i = 0; i < count; i++) {
    starts[i] = from + Math.floor((i * (to - from)) / count);
    ends[i] = from + Math.ceil(((i + 1) * (to - from)) / count);
    longest = Math.max(longest, ends[i]! - starts[i]!);
  }
  return { starts, ends, longest };
}
