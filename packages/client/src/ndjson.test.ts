import { expect, it } from "vitest";
import { ndjsonValues } from "./ndjson.js";

const lines = [{ index: 0, name: "Zoë 👩‍🚀 名前" }, { index: 1 }, { index: 2, name: "é" }];
const bytes = new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

async function valuesOf(...chunks: Uint8Array[]): Promise<unknown[]> {
  async function* stream() {
    yield* chunks;
  }
  const values = [];
  for await (const value of ndjsonValues(stream())) values.push(value);
  return values;
}

it("reads the same lines wherever the chunks are cut, within characters too", async () => {
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await valuesOf(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(lines);
  }
  expect(await valuesOf(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(lines);
});

it("takes CRLF, empty lines, no lines, and a last line without an end", async () => {
  const text = (value: string) => new TextEncoder().encode(value);
  expect(await valuesOf(text('{"a":1}\r\n\r\n\n{"a":2}'))).toEqual([{ a: 1 }, { a: 2 }]);
  expect(await valuesOf()).toEqual([]);
});

it("refuses a line that was cut off", async () => {
  const cut = valuesOf(new TextEncoder().encode('{"a":1}\n{"a":'));
  await expect(cut).rejects.toMatchObject({
    code: "unexpected_answer",
    message: expect.stringMatching(/Expected a line of JSON .*\{/),
  });
});
