import { join } from "node:path";

/** Two images of a verification protocol, by their paths, and whether they show the same person. */
export interface LfwPair {
  readonly first: string;
  readonly second: string;
  readonly same: boolean;
}

/**
 * Reads a `pairs.txt` of LFW: a header `<folds> <pairs>`, then for each fold that many same pairs
 * (`name n m`) and that many different ones (`name n name m`). Without the first number there is one fold.
 *
 * @param imagesDir Where the images are: `<name>/<name>_0001.jpg`.
 * @returns The pairs of each fold.
 * @throws Error saying which line is not as expected.
 */
export function parseLfwPairs(text: string, imagesDir: string): LfwPair[][] {
  const [header = "", ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const { folds, pairsOfAKind } = parseHeader(header);
  const expected = folds * pairsOfAKind * 2;
  if (lines.length !== expected) {
    throw new Error(`Expected ${expected} pairs after the header "${header}" but received ${lines.length}`);
  }
  const pairs = lines.map((line) => parsePair(line, imagesDir));
  return Array.from({ length: folds }, (_, fold) =>
    pairs.slice(fold * pairsOfAKind * 2, (fold + 1) * pairsOfAKind * 2),
  );
}

function parseHeader(line: string): { folds: number; pairsOfAKind: number } {
  const numbers = line.trim().split(/\s+/).map(Number);
  const [folds, pairsOfAKind] = numbers.length === 1 ? [1, numbers[0]] : numbers;
  if (numbers.length > 2 || !isCount(folds) || !isCount(pairsOfAKind)) {
    throw new Error(`Expected "<folds> <pairs>" for the first line of the pairs but received "${line}"`);
  }
  return { folds, pairsOfAKind };
}

function isCount(value: number | undefined): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

function parsePair(line: string, imagesDir: string): LfwPair {
  const fields = line.trim().split(/\s+/);
  const [name = "", n = "", third = "", fourth] = fields;
  const numbers = fourth === undefined ? [n, third] : [n, fourth];
  if (fields.length < 3 || fields.length > 4 || !numbers.every((number) => /^\d+$/.test(number))) {
    throw new Error(`Expected "<name> <n> <m>" or "<name> <n> <name> <m>" for a pair but received "${line}"`);
  }
  const same = fourth === undefined;
  const second = same ? imagePath(imagesDir, name, third) : imagePath(imagesDir, third, fourth);
  return { first: imagePath(imagesDir, name, n), second, same };
}

function imagePath(imagesDir: string, name: string, number: string): string {
  return join(imagesDir, name, `${name}_${number.padStart(4, "0")}.jpg`);
}
