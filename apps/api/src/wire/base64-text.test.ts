import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Base64Text } from "./base64-text.js";

function read(text: string, pieceBytes: number): Buffer {
  const reader = new Base64Text();
  const bytes = Buffer.from(text);
  const read: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) read.push(reader.take(bytes.subarray(at, at + pieceBytes)));
  return Buffer.concat([...read, reader.end()]);
}

describe.each([1, 3, 5, 64, 10_000])("in pieces of %d bytes", (pieceBytes) => {
  it.each([0, 1, 2, 3, 255, 256, 1000])("gives %d bytes back, however they are written", (length) => {
    const bytes = randomBytes(length);
    const base64 = bytes.toString("base64");
    const lines = base64.replace(/.{76}/g, "$&\r\n");
    for (const text of [
      base64,
      base64.replaceAll("=", ""),
      bytes.toString("base64url"),
      `data:image/jpeg;base64,${base64}`,
      `DATA:;charset=utf-8;BASE64,${base64}`,
      // As PHP, .NET and those who break lines write it in JSON.
      base64.replaceAll("/", "\\/"),
      base64.replaceAll("+", "\\u002B"),
      JSON.stringify(lines).slice(1, -1),
    ])
      expect(read(text, pieceBytes)).toEqual(bytes);
  });

  it.each([
    ["not base64!", 'text with "!"'],
    ["QUJD.QUJD", 'text with "."'],
    ["QQ==QQ==", 'text with "Q"'],
    ["QQ==\\nQQ==", 'text with "Q"'],
    ["QUJDQ", "a text that ends in the middle of a byte"],
    ["data:image/png,%89PNG", "a data URL without base64"],
    [`data:${"x".repeat(300)};base64,QUJD`, "a data URL without base64"],
    ["QUJD\\u00", 'text with "\\\\u00"'],
    ["QUJD\\q", 'text with "\\\\"'],
    ["QUJD\\u0416", 'text with "\u0416"'],
    ["data:image/png;base64,data:image/png;base64,QUJD", 'text with ":"'],
  ])("refuses %s", (text, says) => {
    expect(() => read(text, pieceBytes)).toThrow(says.startsWith("text") ? /^text with / : says);
  });
});
