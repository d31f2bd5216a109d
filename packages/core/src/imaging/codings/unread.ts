// biome-ignore-all lint/suspicious/noControlCharactersInRegex: these are bytes
/** Files that people send and that we know by name, to say so; the text is the file's first 512 bytes, in Latin-1. */
const unread: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  {
    name: "SVG (a drawing, not a photo)",
    // A comment ends at its first "-->": with one way only to read them, a long row of comments costs nothing.
    pattern: /^\s*(<\?xml[^>]*>\s*)?(<!--((?!-->).)*-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg/is,
  },
  { name: "HTML (a page, not the image in it)", pattern: /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)\b/i },
  { name: "JPEG 2000", pattern: /^(\xff\x4f\xff\x51|.{4}jP {2})/s },
  { name: "JPEG XL", pattern: /^(\xff\x0a|.{4}JXL )/s },
  { name: "PNG as Apple's tools change it (export it again)", pattern: /^\x89PNG\r\n\x1a\n.{4}CgBI/s },
  {
    name: "camera raw (export a JPEG)",
    pattern: /^(FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|II\x1a\0\0\0HEAPCCDR|\0MRM|FOVb|.{4}ftypcrx )/s,
  },
  { name: "PSD (export a JPEG)", pattern: /^8BPS/ },
  { name: "BMP", pattern: /^BM/ },
  { name: "ICO", pattern: /^\0\0[\x01\x02]\0/ },
  { name: "PDF", pattern: /^%PDF/ },
  { name: "PNM", pattern: /^P[1-7]\s/ },
  { name: "OpenEXR", pattern: /^v\/1\x01/ },
  { name: "Radiance HDR", pattern: /^#\?R/ },
  {
    name: "a video",
    pattern: /^(.{4}ftyp|.{4}moov|.{4}mdat|\x1aE\xdf\xa3|RIFF.{4}AVI |\0\0\x01[\xba\xb3]|OggS|FLV\x01)/s,
  },
  { name: "an archive", pattern: /^(PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf)/ },
  { name: "a data URL (send the bytes that it stands for)", pattern: /^\s*data:/i },
  {
    name: "base64 text (send the bytes that it stands for)",
    // How JPEG, PNG, GIF, RIFF, TIFF and ISO media files begin.
    pattern: /^\s*(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|SUk[qr]A|TU0AK|AAAA[\w+/]{2}Z0eX)/,
  },
];

/** Names a file that is none of the formats that are read, for an error message. */
export function nameUnread(head: string): string | undefined {
  return unread.find(({ pattern }) => pattern.test(head))?.name;
}
