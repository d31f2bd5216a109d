/** The first values, and no page of the list beyond them. */
export async function firstOf<T>(values: AsyncIterable<T>, most: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of values) {
    taken.push(value);
    if (taken.length >= most) break;
  }
  return taken;
}
