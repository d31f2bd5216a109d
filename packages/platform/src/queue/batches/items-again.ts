import { partOf, partSize } from "../ledger/batch-part.js";

/** Which items of a batch are tried again, as the bits of their indexes. */
export class ItemsAgain {
  constructor(private readonly bits: Buffer) {}

  has(index: number): boolean {
    // The first bit of a byte is its highest, as Redis counts them.
    return ((this.bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** The first part from a given one on that has some. */
  nextPart(from: number): number | undefined {
    for (let byte = (from * partSize) / 8; byte < this.bits.length; byte += 1) {
      if (this.bits[byte] !== 0) return partOf(byte * 8);
    }
    return undefined;
  }

  /** The next of them from an index on, of one part and at most `limit`. */
  next(from: number, limit: number): number[] {
    const found: number[] = [];
    for (let index = from; index < this.bits.length * 8 && found.length < limit; index += 1) {
      if (found.length > 0 && partOf(index) !== partOf(found[0]!)) break;
      if (this.has(index)) found.push(index);
    }
    return found;
  }
}
