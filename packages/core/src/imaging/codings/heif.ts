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

const expected = "an AVIF or HEIC";

/** Whether the file's first box says that it holds images; other files of ISO/IEC 14496-12 hold films. */
export function holdsImages(bytes: Buffer): boolean {
  if (bytes.length < 16 || bytes.toString("latin1", 4, 8) !== "ftyp") return false;
  return brands(bytes).some((brand) => imageBrands.test(brand));
}

/**
 * The picture is the file's primary item, also of one that moves. Beside it there may be thumbnails in another coding.
 * @throws ProblemError unsupported_image_format, image_undecodable
 */
export function heifCoding(bytes: Buffer): Coding {
  const types = new Set(itemTypes(bytes));
  const format = types.has("hvc1") ? "heic" : types.has("av01") ? "avif" : undefined;
  if (format) return { format, bytes: knownToDecoder(bytes, format) };
  const other = [...types].find((type) => type in otherCodings);
  throw uncoded(
    expected,
    other ? `HEIF with ${otherCodings[other]} (convert it to JPEG)` : "a film without a still picture",
  );
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

/** Of all items of the file's `meta` box, as its `iinf` box lists them. */
function itemTypes(bytes: Buffer): string[] {
  try {
    const meta = find(bytes, "meta", 0, bytes.length);
    const list = meta && find(bytes, "iinf", meta.start + 4, meta.end);
    if (!list) return [];
    const countBytes = bytes[list.start] === 0 ? 2 : 4;
    return [...boxes(bytes, list.start + 4 + countBytes, list.end)].map((entry) => itemType(bytes, entry));
  } catch (cause) {
    throw cause instanceof RangeError ? damaged({ cause }) : cause;
  }
}

function find(bytes: Buffer, type: string, from: number, to: number): Box | undefined {
  for (const box of boxes(bytes, from, to)) if (box.type === type) return box;
  return undefined;
}

/** After its version, flags, id (two or four bytes) and protection. */
function itemType(bytes: Buffer, { start }: Box): string {
  const idBytes = bytes[start] === 3 ? 4 : 2;
  const at = start + 4 + idBytes + 2;
  return bytes.toString("latin1", at, at + 4);
}
