/** One line of a benchmark's table: columns by their title, in the order of the first row. */
export type Row = Readonly<Record<string, string | number>>;

/** What is compared between machines: times of one run over times of the same run. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  /** What the value should reach, where there is an aim. */
  readonly atLeast?: number;
  /** What the value should stay within, where there is an aim. */
  readonly atMost?: number;
}

export interface BenchReport {
  readonly name: string;
  readonly figures: readonly Row[];
  readonly ratios: readonly Ratio[];
  /** What was found that must never be, a sentence each. Absent where nothing was looked for. */
  readonly broken?: readonly string[];
}

export function meetsTarget({ value, atLeast = -Infinity, atMost = Infinity }: Ratio): boolean {
  return value >= atLeast && value <= atMost;
}
