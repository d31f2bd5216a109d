import { type Coding, uncoded } from "./coding.js";

const expected = "a baseline or progressive JPEG of 8 bits";

/** Kinds of frames (ITU-T T.81, table B.1) that are not decoded, by their marker. */
const otherFrames: Readonly<Record<number, string>> = {
  195: "a lossless one",
  197: "a hierarchical one",
  198: "a hierarchical one",
  199: "a hierarchical one",
  201: "one with arithmetic coding",
  202: "one with arithmetic coding",
  203: "a lossless one with arithmetic coding",
  205: "a hierarchical one",
  206: "a hierarchical one",
  207: "a hierarchical one",
  247: "JPEG-LS",
};
const startOfScan = 0xda;
const endOfImage = Buffer.from([0xff, 0xd9]);

/** @throws ProblemError unsupported_image_format */
export function jpegCoding(bytes: Buffer): Coding {
  for (const { marker, at } of segments(bytes)) {
    if (marker in otherFrames) throw uncoded(expected, otherFrames[marker] as string);
    if (marker >= 0xc0 && marker <= 0xc2) expectSamples(bytes, at);
    // Within a scan 0xff is followed by 0 or by the marker of a restart, so that this is its end.
    if (marker === startOfScan && bytes.indexOf(endOfImage, at) < 0) return withoutEnd(bytes);
  }
  return { format: "jpeg", bytes: () => bytes };
}

/** The file may lack nothing but its last two bytes; if more is missing the decoder finds it in the middle of a scan. */
function withoutEnd(bytes: Buffer): Coding {
  return { format: "jpeg", bytes: () => Buffer.concat([bytes, endOfImage]), isCut: true };
}

function expectSamples(bytes: Buffer, at: number): void {
  const bits = bytes[at + 2];
  const components = bytes[at + 7];
  if (bits !== undefined && bits !== 8) throw uncoded(expected, `one of ${bits} bits`);
  if (components === 2 || (components ?? 0) > 4) throw uncoded(expected, `one of ${components} components`);
}

/** The segments up to the first scan, each with the place of its length. */
function* segments(bytes: Buffer): Generator<{ marker: number; at: number }> {
  let at = 2;
  while (at >= 0 && at + 3 < bytes.length) {
    // What is between segments is skipped, and 0xff may be repeated before a marker, as decoders have it.
    at = bytes.indexOf(0xff, at);
    if (at < 0) return;
    const marker = bytes[++at] as number;
    if (marker === 0xff || marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9)) continue;
    if (++at + 2 > bytes.length) return;
    yield { marker, at };
    if (marker === startOfScan) return;
    at += bytes.readUInt16BE(at);
  }
}
