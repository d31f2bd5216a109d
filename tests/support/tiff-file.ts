/** One directory of a TIFF: its tags, and the data of its one strip. */
export interface TiffPage {
  /** By their numbers; the places of the strip are added. */
  readonly tags: Readonly<Record<number, readonly number[]>>;
  readonly data: Uint8Array;
}

const types = { byte: 1, short: 3, long: 4 } as const;
const [byteTags, longTags] = [new Set([50706]), new Set([254, 256, 257, 273, 278, 279, 330])];
const [stripOffsets, stripByteCounts, subDirectories] = [273, 279, 330];

/** Writes a TIFF without compressing anything. `below` are directories that the first page names as its sub-directories. */
export function tiffFile(
  pages: readonly TiffPage[],
  { isLittle = true, below = [] }: { readonly isLittle?: boolean; readonly below?: readonly TiffPage[] } = {},
): Buffer {
  const parts: Buffer[] = [Buffer.alloc(8)];
  let length = 8;
  const add = (part: Buffer) => {
    const at = length;
    parts.push(part, Buffer.alloc(part.length % 2));
    length += part.length + (part.length % 2);
    return at;
  };
  const number = (value: number, width: number) => {
    const bytes = Buffer.alloc(width);
    if (isLittle) bytes.writeUIntLE(value, 0, width);
    else bytes.writeUIntBE(value, 0, width);
    return bytes;
  };
  const values = (tag: number, numbers: readonly number[]) => {
    const type = byteTags.has(tag) ? types.byte : longTags.has(tag) ? types.long : types.short;
    const width = { [types.byte]: 1, [types.short]: 2, [types.long]: 4 }[type];
    const bytes = Buffer.concat(numbers.map((value) => number(value, width)));
    const inEntry = bytes.length <= 4 ? Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]) : number(add(bytes), 4);
    return Buffer.concat([number(tag, 2), number(type, 2), number(numbers.length, 4), inEntry]);
  };
  const directory = ({ tags, data }: TiffPage, next: number, more: Record<number, readonly number[]> = {}) => {
    const all = { ...tags, ...more, [stripOffsets]: [add(Buffer.from(data))], [stripByteCounts]: [data.byteLength] };
    const entries = Object.entries(all).map(([tag, numbers]) => values(Number(tag), numbers));
    return add(Buffer.concat([number(entries.length, 2), ...entries, number(next, 4)]));
  };
  const named = below.map((page) => directory(page, 0));
  const more = named.length > 0 ? { [subDirectories]: named } : {};
  const first = pages.reduceRight((next, page, index) => directory(page, next, index === 0 ? more : {}), 0);
  const header = parts[0] as Buffer;
  header.write(isLittle ? "II" : "MM", 0, "latin1");
  number(42, 2).copy(header, 2);
  number(first, 4).copy(header, 4);
  return Buffer.concat(parts);
}
