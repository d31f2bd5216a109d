/** A column of a table: its title, and what it says of one of the rows. */
export type Column<T> = readonly [title: string, text: (row: T) => string];

/** A table in lines; the first column is aligned to the left, the others, which are numbers and the like, to the right. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const texts = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, text]) => text(row)))];
  const widths = columns.map((_, column) => Math.max(...texts.map((row) => row[column]!.length)));
  return texts.map((row) => `${aligned(row, widths)}\n`).join("");
}

function aligned([first = "", ...others]: readonly string[], [width = 0, ...widths]: readonly number[]): string {
  return [first.padEnd(width), ...others.map((text, column) => text.padStart(widths[column]!))].join("  ");
}
