/**
 * Splits pairs into `count` folds that hold the same share of same and of different pairs each, as nearly
 * as the numbers allow. Neighbours stay together: a list sorted by name keeps most people within one fold.
 */
export function splitIntoFolds<Pair extends { readonly same: boolean }>(
  pairs: readonly Pair[],
  count: number,
): Pair[][] {
  const kinds = [pairs.filter(({ same }) => same), pairs.filter(({ same }) => !same)];
  return Array.from({ length: count }, (_, fold) =>
    kinds.flatMap((kind) =>
      kind.slice(Math.round((fold * kind.length) / count), Math.round(((fold + 1) * kind.length) / count)),
    ),
  );
}
