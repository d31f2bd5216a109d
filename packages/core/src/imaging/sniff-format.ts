import type { ImageFormat } from "@facefleet/contracts";

const magic: readonly { readonly format: ImageFormat; readonly offset: number; readonly bytes: string }[] = [
  { format: "jpeg", offset: 0, bytes: "\xff\xd8\xff" },
  { format: "png", offset: 0, bytes: "\x89PNG\r\n\x1a\n" },
  { format: "gif", offset: 0, bytes: "GIF87a" },
  { format: "gif", offset: 0, bytes: "GIF89a" },
  { format: "webp", offset: 8, bytes: "WEBP" },
  { format: "tiff", offset: 0, bytes: "II*\0" },
  { format: "tiff", offset: 0, bytes: "MM\0*" },
  { format: "avif", offset: 4, bytes: "ftypavif" },
  { format: "avif", offset: 4, bytes: "ftypavis" },
];

/** Formats that people send and that we know by name, to say so. */
const unread: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "HEIC (its decoder is not free to ship; convert to JPEG or AVIF)", pattern: /^.{4}ftyp(hei|hev|mif1|msf1)/s },
  {
    name: "SVG (a drawing, not a photo)",
    // A comment ends at its first "-->": with one way only to read them, a long row of comments costs nothing.
    pattern: /^\s*(<\?xml[^>]*>\s*)?(<!--((?!-->).)*-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg/is,
  },
  { name: "JPEG 2000", pattern: /^(\xff\x4f\xff\x51|.{4}jP {2})/s },
  { name: "BMP", pattern: /^BM/ },
  { name: "PDF", pattern: /^%PDF/ },
];

/** Tells an image's format by its first bytes, never by its name; undefined when it is none that we read. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  const head = headText(bytes, 16);
  return magic.find(({ offset, bytes }) => head.startsWith(bytes, offset))?.format;
}

/** Names what `sniffFormat` did not know, for an error message. */
export function describeUnread(bytes: Uint8Array): string {
  const head = headText(bytes, 512);
  return unread.find(({ pattern }) => pattern.test(head))?.name ?? "a file that is none of them";
}

function headText(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.byteLength)).toString("latin1");
}
