import { type Coding, damaged, uncoded } from "./coding.js";

/** Brands of ISO/IEC 23008-12 and of AV1 images: files that hold images, whatever codes them. */
const imageBrands = /^(mif1|mif2|msf1|miaf|avif|avis|avio|hei[cxms]|hev[cxms]|heif)$/;
/** The major brands by which the decoder knows a file of each format. */
const decoderBrands = {
  avif: /^(avif|mif1|msf1)$/,
  heic: /^(hei[cxms]|hev[cxms]|mif1|msf1)$/,
} as const;
/** How images are coded that are not decoded, by the types of their items. */
const otherCodings: Readonly<Record<string, string>> = {
  lhv1: "HEVC in layers",
  vvc1: "VVC",
  evc1: "EVC",
  avc1: "AVC",
  j2k1: "JPEG 2000",
  jpeg: "JPEG",
  unci: "no compression",
};
/** Items that are made from others: tiles, layers, and one that is turned or cut. */
const derivations: ReadonlySet<string> = new Set(["grid", "iovl", "iden"]);
/** More than one upon the other make no sense in a still picture. */
const mostDerivations = 4;

const expected = "an AVIF or HEIC";

/** Whether the file's first box says that it holds images; other files of ISO/IEC 14496-12 hold films. */
export function holdsImages(bytes: Buffer): boolean {
  if (bytes.length < 16 || bytes.toString("latin1", 4, 8) !== "ftyp") return false;
  return brands(bytes).some((brand) => imageBrands.test(brand));
}

/**
 * The picture is the file's primary item, also of one that moves. Beside it there may be others, in any coding.
 * @throws ProblemError unsupported_image_format, image_undecodable
 */
export function heifCoding(file: Buffer): Coding {
  const type = codedType(file);
  if (type === "hvc1") return { format: "heic", bytes: () => knownToDecoder(file, "heic") };
  if (type === "av01") return { format: "avif", bytes: () => knownToDecoder(file, "avif") };
  if (type === undefined) throw uncoded(expected, "a film without a still picture");
  const coding = otherCodings[type] ?? `items of the kind ${JSON.stringify(type)}`;
  throw uncoded(expected, `HEIF with ${coding} (convert it to JPEG)`);
}

/** The decoder looks at the major brand only, and does not know that of animations. */
function knownToDecoder(bytes: Buffer, format: keyof typeof decoderBrands): Buffer {
  if (decoderBrands[format].test(bytes.toString("latin1", 8, 12))) return bytes;
  const known = Buffer.from(bytes);
  known.write(format, 8, "latin1");
  return known;
}

function brands(bytes: Buffer): string[] {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 512);
  const compatible = Array.from({ length: Math.max(0, (end - 16) >> 2) }, (_, i) => 16 + 4 * i);
  return [8, ...compatible].map((at) => bytes.toString("latin1", at, at + 4));
}

interface Box {
  readonly type: string;
  /** Where its content is. */
  readonly start: number;
  readonly end: number;
}

/** The boxes within a part of the file. */
function* boxes(bytes: Buffer, from: number, to: number): Generator<Box> {
  let at = from;
  while (at + 8 <= to) {
    const size = bytes.readUInt32BE(at);
    const isLong = size === 1;
    const length = size === 0 ? to - at : isLong ? Number(bytes.readBigUInt64BE(at + 8)) : size;
    const start = at + (isLong ? 16 : 8);
    if (length < start - at) throw damaged();
    yield { type: bytes.toString("latin1", at + 4, at + 8), start, end: Math.min(at + length, to) };
    at += length;
  }
}

/** Of the primary item; of one that is put together from others, as phones do it with tiles, the first of those. */
function codedType(bytes: Buffer): string | undefined {
  try {
    const meta = find(bytes, "meta", 0, bytes.length);
    const inMeta = (type: string) => meta && find(bytes, type, meta.start + 4, meta.end);
    const [items, primary, references] = [inMeta("iinf"), inMeta("pitm"), inMeta("iref")];
    if (!items) return undefined;
    if (!primary) throw damaged();
    const types = itemTypes(bytes, items);
    let id: number | undefined = readId(bytes, primary.start + 4, bytes[primary.start] === 0 ? 2 : 4);
    for (let depth = 0; id !== undefined && depth < mostDerivations; depth++) {
      const type = types.get(id);
      if (type === undefined) break;
      if (!derivations.has(type)) return type;
      id = references && firstSource(bytes, references, id);
    }
    throw damaged();
  } catch (cause) {
    throw cause instanceof RangeError ? damaged({ cause }) : cause;
  }
}

/** Of each item in an `iinf` box, by its id. */
function itemTypes(bytes: Buffer, { start, end }: Box): Map<number, string> {
  const countBytes = bytes[start] === 0 ? 2 : 4;
  const types = new Map<number, string>();
  for (const entry of boxes(bytes, start + 4 + countBytes, end)) {
    const idBytes = bytes[entry.start] === 3 ? 4 : 2;
    // After its version, flags, id and protection.
    const at = entry.start + 4 + idBytes + 2;
    types.set(readId(bytes, entry.start + 4, idBytes), bytes.toString("latin1", at, at + 4));
  }
  return types;
}

/** The first of the items that one is derived from, as an `iref` box has it. */
function firstSource(bytes: Buffer, { start, end }: Box, id: number): number | undefined {
  const idBytes = bytes[start] === 0 ? 2 : 4;
  for (const reference of boxes(bytes, start + 4, end)) {
    if (reference.type !== "dimg" || readId(bytes, reference.start, idBytes) !== id) continue;
    const countAt = reference.start + idBytes;
    return bytes.readUInt16BE(countAt) === 0 ? undefined : readId(bytes, countAt + 2, idBytes);
  }
  return undefined;
}

function readId(bytes: Buffer, at: number, length: number): number {
  return bytes.readUIntBE(at, length);
}

function find(bytes: Buffer, type: string, from: number, to: number): Box | undefined {
  for (const box of boxes(bytes, from, to)) if (box.type === type) return box;
  return undefined;
}
