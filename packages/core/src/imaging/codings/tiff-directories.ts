import { damaged, uncoded } from "./coding.js";

/** One image of a TIFF: the whole numbers of the tags that were asked for, by their number in TIFF 6.0. */
export type Directory = ReadonlyMap<number, readonly number[]>;

/** Bytes a value of the types of whole numbers: BYTE, SHORT, LONG, IFD, LONG8, IFD8. */
const wholeNumbers: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };
/** More values of a tag are not looked at; nor are more directories. */
const mostValues = 64;
const mostDirectories = 256;
/** Entries of all directories, which may lie over each other: a small file could hold millions. */
const mostEntries = 16_384;
const subDirectoriesTag = 330;

/**
 * The pages of a TIFF or BigTIFF, and their sub-directories, with the values of some tags.
 * @throws ProblemError image_undecodable, unsupported_image_format
 */
export function tiffDirectories(bytes: Buffer, wanted: readonly number[]): { pages: Directory[]; below: Directory[] } {
  try {
    const file = new TiffFile(bytes, new Set([...wanted, subDirectoriesTag]));
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
  #entries = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly wanted: ReadonlySet<number>,
  ) {
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
      this.#entries += count;
      if (this.#entries > mostEntries) throw uncoded(`a TIFF of at most ${mostEntries} tags`, "one of more");
      yield this.#directory(entries, end, entryBytes);
      at = this.#number(end, this.#isBig ? 8 : 4);
    }
  }

  #directory(entries: number, end: number, entryBytes: number): Directory {
    const tags = new Map<number, number[]>();
    for (let at = entries; at < end; at += entryBytes) {
      const tag = this.#number(at, 2);
      // Of a tag that comes twice the decoder takes the first, too.
      if (!this.wanted.has(tag) || tags.has(tag)) continue;
      const width = wholeNumbers[this.#number(at + 2, 2)];
      if (width !== undefined) tags.set(tag, this.#values(at + 4, width));
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
