import { createHash } from "node:crypto";
import { type ImageFormat, type ImageInfo, ProblemError } from "@facefleet/contracts";
import sharp, { type Metadata, type Sharp } from "sharp";
import { type Coding, damaged, readCoding, uncoded } from "./codings/index.js";
import { DecodingTimeout, decodeHeic } from "./heic/decode-heic.js";
import type { RgbImage } from "./rgb-image.js";

// Every image is decoded once: libvips' cache of operations would only hold memory.
sharp.cache(false);
// Several images are decoded at once; one thread each is enough.
sharp.concurrency(1);

/** What an image's header says, before its pixels are decoded. */
export interface ImageHeader {
  /** Upright. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** EXIF orientation, 1 to 8. */
  readonly orientation: number;
}

/** An image's header, and what reading the rest of it takes. */
export interface ReadHeader extends ImageHeader {
  /** Memory while it is decoded, at most, its pixels included, in bytes. */
  readonly decodingBytes: number;
  /** How the file is to be given to the decoder. */
  readonly coding: Coding;
}

/** Which images are decoded. */
export interface ImageLimits {
  /** Images with more pixels are refused. */
  readonly maxPixels: number;
  /** Whether HEIC is read; unless told, it is. */
  readonly heic?: boolean;
}

/** RGB of a decoded image, in bytes. */
export const bytesPerPixel = 3;

/**
 * Reads an image's header.
 *
 * @throws ProblemError `empty_image`, `unsupported_image_format`, `image_undecodable`, or `image_too_large`
 *   when it has more than `maxPixels` pixels.
 */
export async function readHeader(bytes: Uint8Array, { maxPixels, heic = true }: ImageLimits): Promise<ReadHeader> {
  if (bytes.byteLength === 0) throw new ProblemError("empty_image", "Expected an image but received 0 bytes");
  const coding = readCoding(bytes);
  const { format } = coding;
  if (format === "heic" && !heic)
    throw uncoded("JPEG, PNG, WebP, GIF, TIFF or AVIF", "HEIC (which is turned off here)");
  const facts = await metadata(coding);
  const { width, height, orientation = 1 } = facts;
  if (width * height > maxPixels) {
    const detail = `Expected at most ${maxPixels} pixels but received ${width} x ${height}`;
    throw new ProblemError("image_too_large", detail);
  }
  const upright = orientation >= 5 ? { width: height, height: width } : { width, height };
  return { ...upright, format, orientation, decodingBytes: decodingBytes(facts, format), coding };
}

/** Bytes a pixel that decoders hold beside what they give, measured with libvips 8.18 and libheif 1.23. */
const decoderBytesPerPixel: Partial<Record<ImageFormat, number>> = { avif: 22, heic: 13, webp: 6, gif: 5 };

/** Of the thread in which a HEIC is decoded: libheif, compiled. */
const heicThreadBytes = 40e6;

/** Of the samples that are decoded, by libvips' names. Whatever a header says, no others are. */
const bytesPerSample: Readonly<Record<string, number>> = { uchar: 1, ushort: 2 };

/**
 * What comes line by line passes through; an image that does not, or is turned, is held whole as it is in its file. A TIFF may
 * be one strip.
 */
function decodingBytes(facts: Metadata, format: ImageFormat): number {
  const { width, height, channels, depth, isProgressive, orientation = 1 } = facts;
  const sampleBytes = bytesPerSample[depth];
  if (sampleBytes === undefined) throw uncoded("samples of 8 or 16 bits", `samples of the kind ${depth}`);
  const whole = channels * sampleBytes;
  const decoder = decoderBytesPerPixel[format] ?? (isProgressive || format === "tiff" ? whole : 1);
  const turned = orientation > 1 ? whole : 0;
  const thread = format === "heic" ? heicThreadBytes : 0;
  return width * height * (bytesPerPixel + decoder + turned) + thread;
}

/** The longest that decoding may take, in seconds; a large image takes two or three. */
const decodingLimit = 30;

/**
 * Decodes the first frame of an image, upright (EXIF orientation applied), as 8-bit RGB without alpha.
 *
 * @param coding As the image's header has it, where that was read.
 * @throws ProblemError `image_undecodable` when the file is damaged or incomplete, `job_timeout`.
 */
export async function decodeImage(bytes: Uint8Array, coding = readCoding(bytes)): Promise<RgbImage> {
  try {
    if (coding.format === "heic") return await decodeHeic(coding.bytes(), decodingLimit);
    const { data, info } = await open(coding)
      .autoOrient()
      .toColourspace("srgb")
      .removeAlpha()
      .timeout({ seconds: decodingLimit })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== bytesPerPixel) throw new Error(`Expected 3 channels but ${info.channels} were decoded`);
    return { width: info.width, height: info.height, data };
  } catch (cause) {
    throw undecodable(cause);
  }
}

/** Describes a decoded image as results do. */
export function imageInfo(bytes: Uint8Array, { width, height, format, orientation }: ImageHeader): ImageInfo {
  return { width, height, format, orientation, sha256: createHash("sha256").update(bytes).digest("hex") };
}

async function metadata(coding: Coding): Promise<Metadata> {
  try {
    return await open(coding).metadata();
  } catch (cause) {
    throw undecodable(cause);
  }
}

/**
 * The pixel limit is our own, checked on the header: libvips' would hide the size in a general error.
 * Colour profiles are ignored, as by everything that the networks were trained and measured with.
 */
function open({ bytes, page, background, isCut }: Coding): Sharp {
  const image = sharp(bytes(), {
    limitInputPixels: false,
    failOn: isCut ? "warning" : "error",
    ...(page !== undefined && { page }),
    pages: 1,
    sequentialRead: true,
    ignoreIcc: true,
  });
  return background ? image.flatten({ background }) : image;
}

/** libvips keeps one error text for all threads: the cause's may speak of another image, so it is for logs only. */
function undecodable(cause: unknown): ProblemError {
  if (cause instanceof DecodingTimeout || (cause instanceof Error && /^timeout: \d+% complete/.test(cause.message))) {
    const detail = `Expected an image that is decoded within ${decodingLimit} s`;
    return new ProblemError("job_timeout", detail, { cause });
  }
  return damaged({ cause });
}
