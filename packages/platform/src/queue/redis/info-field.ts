/** A field of what Redis answers to INFO; 0 where there is none. */
export function numberIn(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
