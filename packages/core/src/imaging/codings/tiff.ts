import { type Coding, uncoded } from "./coding.js";
import { type Directory, tiffDirectories } from "./tiff-directories.js";

/** Numbers of tags. */
const tag = {
  newSubfileType: 254,
  subfileType: 255,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  samplesPerPixel: 277,
  inkSet: 332,
  sampleFormat: 339,
  dngVersion: 50706,
} as const;

const jpeg = 7;
/** The codings of data that the decoder has: none, CCITT, LZW, JPEG, Deflate (two numbers), PackBits, WebP. */
const compressions: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, jpeg, 8, 32946, 32773, 50001]);
const otherCompressions: Readonly<Record<number, string>> = {
  6: "old-style JPEG",
  33003: "JPEG 2000",
  33005: "JPEG 2000",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50000: "ZSTD",
  50002: "JPEG XL",
  52546: "JPEG XL",
};
/** Of the makers of cameras: Sony's, Nikon's, Samsung's, Kodak's and Pentax's. */
const rawCompressions: ReadonlySet<number> = new Set([32767, 32769, 34713, 32770, 65000, 65535]);
/** A sensor's pixels behind their filters, or still linear. */
const rawPhotometrics: ReadonlySet<number> = new Set([32803, 34892]);

const [whiteIsZero, blackIsZero, rgb, palette, separated, yCbCr] = [0, 1, 2, 3, 5, 6];
/** How many samples a pixel has, with at most one more that is its alpha. */
const samplesOf: Readonly<Record<number, number>> = {
  [whiteIsZero!]: 1,
  [blackIsZero!]: 1,
  [rgb!]: 3,
  [palette!]: 1,
  [separated!]: 4,
  [yCbCr!]: 3,
};
const otherColours: Readonly<Record<number, string>> = { 4: "a mask", 8: "Lab", 9: "Lab", 10: "Lab" };

const cameraRaw = "camera raw (export a JPEG)";
const expected = "a TIFF of 8 or 16 bits in RGB, grey, CMYK or a palette";

/**
 * The first page that is no thumbnail and no mask.
 * @throws ProblemError unsupported_image_format, image_undecodable
 */
export function tiffCoding(bytes: Buffer): Coding {
  if (isCanonRaw(bytes)) throw uncoded(expected, cameraRaw);
  const { pages, below } = tiffDirectories(bytes, Object.values(tag));
  if ([...pages, ...below].some(isRaw)) throw uncoded(expected, cameraRaw);
  const picture = pages.findIndex((page) => !isReduced(page));
  if (picture < 0 && below.length > 0) throw uncoded(expected, "one whose pages are thumbnails only");
  const page = Math.max(picture, 0);
  expectFaithful(pages[page] as Directory);
  return { format: "tiff", bytes: () => bytes, page };
}

function isCanonRaw(bytes: Buffer): boolean {
  return bytes.toString("latin1", 8, 10) === "CR";
}

function isRaw(directory: Directory): boolean {
  return (
    directory.has(tag.dngVersion) ||
    rawCompressions.has(first(directory, tag.compression, 1)) ||
    rawPhotometrics.has(first(directory, tag.photometric, 0))
  );
}

function isReduced(directory: Directory): boolean {
  const [reduced, mask] = [1, 4];
  return (
    (first(directory, tag.newSubfileType, 0) & (reduced | mask)) !== 0 || first(directory, tag.subfileType, 1) === 2
  );
}

/** That the decoder gives the picture's own pixels. */
function expectFaithful(directory: Directory): void {
  const compression = first(directory, tag.compression, 1);
  if (!compressions.has(compression)) {
    throw uncoded(expected, `one compressed with ${otherCompressions[compression] ?? `scheme ${compression}`}`);
  }
  const format = directory.get(tag.sampleFormat)?.find((kind) => kind !== 1);
  if (format !== undefined) throw uncoded(expected, `one of ${nameOfSamples(format)}`);
  const colour = first(directory, tag.photometric, -1);
  expectColour(directory, colour, compression);
  expectBits(directory, colour, compression);
}

function nameOfSamples(format: number): string {
  return { 2: "signed numbers", 3: "floating point numbers" }[format] ?? "numbers that are not said to be whole";
}

function expectColour(directory: Directory, colour: number, compression: number): void {
  const colours = samplesOf[colour];
  if (colours === undefined) throw uncoded(expected, `one in ${otherColours[colour] ?? `colours of kind ${colour}`}`);
  if (colour === yCbCr && compression !== jpeg) throw uncoded(expected, "one in YCbCr without JPEG");
  if (colour === separated && first(directory, tag.inkSet, 1) !== 1)
    throw uncoded(expected, "one in other inks than CMYK");
  const samples = first(directory, tag.samplesPerPixel, 1);
  if (samples < colours || samples > colours + 1) throw uncoded(expected, `one of ${samples} samples a pixel`);
}

function expectBits(directory: Directory, colour: number, compression: number): void {
  const [bits = 1, ...others] = directory.get(tag.bitsPerSample) ?? [];
  const isOneSample = first(directory, tag.samplesPerPixel, 1) === 1;
  const allowed = colour === palette || compression === jpeg ? [8] : [8, 16];
  if (isOneSample && compression !== jpeg) allowed.push(1, 2, 4);
  if (others.some((other) => other !== bits)) throw uncoded(expected, "one of samples of several sizes");
  if (!allowed.includes(bits)) throw uncoded(expected, `one of ${bits} bits`);
}

function first(directory: Directory, number: number, otherwise: number): number {
  return directory.get(number)?.[0] ?? otherwise;
}
