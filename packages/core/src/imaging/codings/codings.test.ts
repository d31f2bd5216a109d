import { expect, it } from "vitest";
import { readCoding } from "./index.js";

const bytes = (text: string) => Buffer.from(text, "latin1");

it.each([
  ["\xff\xd8\xff\xe0rest", "jpeg"],
  ["\x89PNG\r\n\x1a\nrest", "png"],
  ["GIF89arest", "gif"],
  ["RIFF\0\0\0\0WEBPVP8 ", "webp"],
])("knows %j as %s", (head, format) => {
  expect(readCoding(bytes(head))).toMatchObject({ format });
});

it.each([
  ['<?xml version="1.0"?><svg xmlns="">', /SVG/],
  ["<!-- drawn -->\n<svg>", /SVG/],
  ["hello, this is text", /none of them/],
  ["\0\0\0\0\0\0\0\0WEBPVP8 ", /none of them/],
  ["", /none of them/],
  // 73 comments that lead nowhere: a pattern that could read them in many ways would not come back.
  ["<!---->".repeat(73), /none of them/],
])("refuses %j and says what it is", (head, name) => {
  expect(() => readCoding(bytes(head))).toThrow(name);
});

it("reads no more of a TIFF whose directories lie over each other than of any other", () => {
  const [entries, directories, entryBytes] = [1000, 256, 20];
  const file = Buffer.alloc(16 + 8 + (entries + directories) * entryBytes + 8);
  file.write("II+\0\x08\0\0\0\x10", "latin1");
  // Each begins with the count of its entries, an entry after the one before; the next is named after its last.
  for (let i = 0; i < directories; i++) {
    const at = 16 + i * entryBytes;
    file.writeBigUInt64LE(BigInt(entries), at);
    file.writeBigUInt64LE(BigInt(at + entryBytes), at + 8 + entries * entryBytes);
  }
  expect(() => readCoding(file)).toThrow(/at most 16384 tags/);
});

it.each([
  ["a TIFF whose directory is past its end", "II*\0\xff\0\0\0"],
  ["a TIFF whose directory leads to itself", "II*\0\x08\0\0\0\0\0\x08\0\0\0"],
  ["a TIFF of one byte's directory", "MM\0*\0\0\0\x08\0"],
  ["a BigTIFF far past its end", "II+\0\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"],
  ["an AVIF with a box of no length", "\0\0\0\x14ftypavif\0\0\0\0mif1\0\0\0\x04meta\0\0\0\0"],
])("takes %s for damaged or refuses it, and comes back", (_, head) => {
  expect(() => readCoding(bytes(head))).toThrow(/damaged|a TIFF of 8|an AVIF/);
});
