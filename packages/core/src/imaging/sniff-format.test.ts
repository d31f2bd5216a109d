import { expect, it } from "vitest";
import { describeUnread, sniffFormat } from "./sniff-format.js";

const bytes = (text: string) => Buffer.from(text, "latin1");

it.each([
  ["\xff\xd8\xff\xe0rest", "jpeg"],
  ["\x89PNG\r\n\x1a\nrest", "png"],
  ["GIF89arest", "gif"],
  ["RIFF\0\0\0\0WEBPVP8 ", "webp"],
  ["II*\0rest", "tiff"],
  ["MM\0*rest", "tiff"],
  ["\0\0\0\x20ftypavif", "avif"],
])("knows %j as %s", (head, format) => {
  expect(sniffFormat(bytes(head))).toBe(format);
});

it.each([
  ["\0\0\0\x18ftypheic\0\0\0\0", /HEIC/],
  ['<?xml version="1.0"?><svg xmlns="">', /SVG/],
  ["<!-- drawn -->\n<svg>", /SVG/],
  ["hello, this is text", /none of them/],
  ["", /none of them/],
  // 73 comments that lead nowhere: a pattern that could read them in many ways would not come back.
  ["<!---->".repeat(73), /none of them/],
])("refuses %j and says what it is", (head, name) => {
  expect(sniffFormat(bytes(head))).toBeUndefined();
  expect(describeUnread(bytes(head))).toMatch(name);
});
