import type { Coding } from "./coding.js";

const extension = 0x21;
const graphicControl = 0xf9;
const imageDescriptor = 0x2c;

/**
 * The decoder gives black for what is transparent. Shown is the colour that the palette has there, as of a PNG with a
 * palette.
 */
export function gifCoding(bytes: Buffer): Coding {
  const background = transparentColour(bytes);
  return { format: "gif", bytes: () => bytes, ...(background && { background }) };
}

/** Of the first frame; undefined when it has none, or the file breaks off before it. */
function transparentColour(bytes: Buffer): Coding["background"] {
  const globalTable = 13;
  let index: number | undefined;
  let at = globalTable + tableBytes(bytes[10]);
  for (; bytes[at] === extension; at = endOfBlocks(bytes, at + 2)) {
    if (bytes[at + 1] === graphicControl) index = transparentIndex(bytes, at + 3);
  }
  if (bytes[at] !== imageDescriptor || index === undefined) return undefined;
  const hasOwnTable = tableBytes(bytes[at + 9]) > 0;
  return colour(bytes, (hasOwnTable ? at + 10 : globalTable) + 3 * index);
}

function transparentIndex(bytes: Buffer, flagsAt: number): number | undefined {
  return (bytes[flagsAt] ?? 0) & 1 ? bytes[flagsAt + 3] : undefined;
}

/** Of the colour table that a byte of flags announces. */
function tableBytes(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Blocks with their length before them, the last of which is empty. */
function endOfBlocks(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] as number);
  return at + 1;
}

function colour(bytes: Buffer, at: number): Coding["background"] {
  const [r, g, b] = bytes.subarray(at, at + 3);
  return r === undefined || g === undefined || b === undefined ? undefined : { r, g, b };
}
