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
 * @param part which of the output positions; all unless told
 */
export function cells(from: number, to: number, count: number, part = { first: 0, end: count }): Cells {
  const length = part.end - part.first;
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  let longest = 0;
  for (let i = 0; i < length; i++) {
    const position = part.first + i;
    starts[i] = from + Math.floor((position * (to - from)) / count);
    ends[i] = from + Math.ceil(((position + 1) * (to - from)) / count);
    longest = Math.max(longest, ends[i]! - starts[i]!);
  }
  return { starts, ends, longest };
}
