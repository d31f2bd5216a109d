// biome-ignore-all lint/suspicious/noControlCharactersInRegex: these are bytes
import type { ImageFormat } from "@facefleet/contracts";
import { type Coding, uncoded } from "./coding.js";
import { gifCoding } from "./gif.js";
import { heifCoding, holdsImages } from "./heif.js";
import { jpegCoding } from "./jpeg.js";
import { tiffCoding } from "./tiff.js";
import { nameUnread } from "./unread.js";

export { type Coding, damaged, uncoded } from "./coding.js";

/** What is read: how each format begins, and which of its codings are the decoder's. */
const formats: readonly { begins(head: string, bytes: Buffer): boolean; coding(bytes: Buffer): Coding }[] = [
  { begins: (head) => head.startsWith("\xff\xd8\xff"), coding: jpegCoding },
  { begins: (head) => /^\x89PNG\r\n\x1a\n(?!.{4}CgBI)/s.test(head), coding: plain("png") },
  { begins: (head) => /^GIF8[79]a/.test(head), coding: gifCoding },
  { begins: (head) => /^RIFF.{4}WEBP/s.test(head), coding: plain("webp") },
  { begins: (head) => /^(II[*+]\0|MM\0[*+])/.test(head), coding: tiffCoding },
  { begins: (_, bytes) => holdsImages(bytes), coding: heifCoding },
];

/** Of formats whose every coding is decoded as it should be. */
function plain(format: ImageFormat): (bytes: Buffer) => Coding {
  return (bytes) => ({ format, bytes: () => bytes });
}

/**
 * Tells by its first bytes, never by its name, what a file is, and how it is to be decoded.
 *
 * @throws ProblemError `unsupported_image_format` for what is not decoded, or would be decoded as another picture;
 *   `image_undecodable`.
 */
export function readCoding(file: Uint8Array): Coding {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const head = bytes.toString("latin1", 0, 512);
  const format = formats.find(({ begins }) => begins(head, bytes));
  if (format) return format.coding(bytes);
  throw uncoded("JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC", nameUnread(head) ?? "a file that is none of them");
}
