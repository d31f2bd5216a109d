/** Does something for each value, for a few at once. */
export async function inPool<T>(values: Iterable<T>, atOnce: number, act: (value: T) => Promise<void>): Promise<void> {
  const rest = [...values][Symbol.iterator]();
  const work = async () => {
    for (const value of rest) await act(value);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
