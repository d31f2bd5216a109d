/** Items whose lines are written to the object store together. A multiple of 8: their bits fill whole bytes. */
export const partSize = 512;

/** Which part of the results an item's line is in. */
export function partOf(index: number): number {
  return Math.floor(index / partSize);
}

/** The items of a part of a batch as one thing: their jobs while they wait and run, and their lines until these are stored. */
export function partThing(batchId: string, part: number | string): string {
  return `${batchId}.part.${part}`;
}
