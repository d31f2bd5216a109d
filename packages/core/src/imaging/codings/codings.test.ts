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

const u16 = (...values: number[]) => Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
const full = Buffer.alloc(4);

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

/** A file of ISO/IEC 23008-12 with items of these types, whose ids count from 1, and what each is derived from. */
function heif(primary: number, items: string[], sources: Record<number, number[]> = {}): Buffer {
  const entries = items.map((type, i) =>
    box("infe", Buffer.from([2, 0, 0, 0]), u16(i + 1, 0), Buffer.from(`${type}\0`, "latin1")),
  );
  const references = Object.entries(sources).map(([id, ids]) => box("dimg", u16(Number(id), ids.length, ...ids)));
  return Buffer.concat([
    box("ftyp", Buffer.from("mif1\0\0\0\0mif1", "latin1")),
    box(
      "meta",
      full,
      box("pitm", full, u16(primary)),
      box("iinf", full, u16(items.length), ...entries),
      box("iref", full, ...references),
    ),
  ]);
}

it.each([
  ["an AVIF with a thumbnail in HEVC", heif(2, ["hvc1", "av01"]), "avif"],
  ["a HEIC with a second picture in AV1", heif(1, ["hvc1", "av01"]), "heic"],
  ["a HEIC of tiles with a JPEG of it", heif(4, ["jpeg", "hvc1", "hvc1", "grid"], { 4: [2, 3] }), "heic"],
  ["an AVIF that turns tiles", heif(3, ["av01", "grid", "iden"], { 3: [2], 2: [1] }), "avif"],
])("knows %s by its primary item", (_, file, format) => {
  expect(readCoding(file)).toMatchObject({ format });
});

it.each([
  ["a JPEG in HEIF that has a thumbnail in HEVC", heif(2, ["hvc1", "jpeg"]), /HEIF with JPEG/],
  ["a kind of item that is not known", heif(1, ["abcd", "hvc1"]), /HEIF with items of the kind "abcd"/],
  ["a file without the item that is its picture", heif(7, ["hvc1"]), /damaged/],
  ["tiles that are nowhere", heif(1, ["grid", "hvc1"]), /damaged/],
  ["tiles of themselves", heif(1, ["grid", "hvc1"], { 1: [1] }), /damaged/],
])("refuses %s", (_, file, says) => {
  expect(() => readCoding(file)).toThrow(says);
});
