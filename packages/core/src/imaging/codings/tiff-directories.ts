import { damaged } from "./coding.js";

/** One image of a TIFF: of its tags those that hold whole numbers, by their number in TIFF 6.0. */
export type Directory = ReadonlyMap<number, readonly number[]>;

/** Bytes a value of the types of whole numbers: BYTE, SHORT, LONG, IFD, LONG8, IFD8. */
const wholeNumbers: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };
/** More values of a tag are not looked at; nor are more directories. */
const mostValues = 64;
const mostDirectories = 256;
const subDirectoriesTag = 330;

/** The pages of a TIFF or BigTIFF, and their sub-directories. @throws ProblemError image_undecodable */
export function tiffDirectories(bytes: Buffer): { pages: Directory[]; below: Directory[] } {
  try {
    const file = new TiffFile(bytes);
    const pages = [...file.chain(file.first())];
    const below = pages.flatMap((page) => (page.get(subDirectoriesTag) ?? []).flatMap((at) => [...file.chain(at)]));
    if (pages.length === 0) throw damaged();
    return { pages, below };
  } catch (cause) {
    throw cause instanceof RangeError ? damaged({ cause }) : cause;
  }
}

class TiffFile {
  readonly #isLittle: boolean;
  readonly #isBig: boolean;
  readonly #seen = new Set<number>();

  constructor(private readonly bytes: Buffer) {
    this.#isLittle = bytes[0] === 0x49;
    this.#isBig = this.#number(2, 2) === 43;
  }

  first(): number {
    return this.#isBig ? this.#number(8, 8) : this.#number(4, 4);
  }

  /** Directories that follow each other; each is read once, wherever it is named. */
  *chain(start: number): Generator<Directory> {
    let at = start;
    while (at !== 0 && !this.#seen.has(at) && this.#seen.size < mostDirectories) {
      this.#seen.add(at);
      const [countBytes, entryBytes] = this.#isBig ? [8, 20] : [2, 12];
      const entries = at + countBytes;
      const count = this.#number(at, countBytes);
      const end = entries + count * entryBytes;
      if (end > this.bytes.length) throw damaged();
      yield this.#directory(entries, end, entryBytes);
      at = this.#number(end, this.#isBig ? 8 : 4);
    }
  }

  #directory(entries: number, end: number, entryBytes: number): Directory {
    const tags = new Map<number, number[]>();
    for (let at = entries; at < end; at += entryBytes) {
      const width = wholeNumbers[this.#number(at + 2, 2)];
      if (width !== undefined) tags.set(this.#number(at, 2), this.#values(at + 4, width));
    }
    return tags;
  }

  /** They are in the entry itself where they fit. */
  #values(at: number, width: number): number[] {
    const wordBytes = this.#isBig ? 8 : 4;
    const count = this.#number(at, wordBytes);
    const inEntry = at + wordBytes;
    const start = count * width <= wordBytes ? inEntry : this.#number(inEntry, wordBytes);
    return Array.from({ length: Math.min(count, mostValues) }, (_, i) => this.#number(start + i * width, width));
  }

  /** @throws RangeError past the end of the file */
  #number(at: number, width: number): number {
    if (width < 8) return this.#isLittle ? this.bytes.readUIntLE(at, width) : this.bytes.readUIntBE(at, width);
    return Number(this.#isLittle ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at));
  }
}
