import { expect, it } from "vitest";
import { compareEmbeddings as compareInTheService } from "../../matching/src/compare-embeddings.js";
import { compareEmbeddings, embeddingOf } from "./embeddings.js";

it("reads both formats to the same numbers", () => {
  const numbers = [0.5, -0.25, 1e-3];
  const bytes = Buffer.alloc(12);
  for (const [index, number] of numbers.entries()) bytes.writeFloatLE(number, 4 * index);
  expect(embeddingOf({ embedding: bytes.toString("base64") })).toEqual(embeddingOf({ embedding: numbers }));
});

it("says what is missing or broken", () => {
  expect(() => embeddingOf({})).toThrow(/Expected a face of a job with the task "embed"/);
  expect(() => embeddingOf({ embedding: "AAAA" })).toThrow(/base64 of float32/);
  expect(() => embeddingOf({ embedding: "no base64!" })).toThrow(/base64 of float32/);
});

it("compares as the service does", () => {
  const wave = (phase: number) => Float32Array.from({ length: 512 }, (_, i) => 3 * Math.sin(i + phase));
  for (const phase of [0, 0.7, Math.PI]) {
    const { match: _, threshold: __, ...expected } = compareInTheService(wave(0), wave(phase));
    expect(compareEmbeddings(wave(0), wave(phase))).toEqual(expected);
  }
});

it("refuses what cannot be compared", () => {
  expect(() => compareEmbeddings([1, 0], [1, 0, 0])).toThrow(/2 and 3 numbers/);
  expect(() => compareEmbeddings([0, 0], [1, 0])).toThrow(/not all zero/);
  expect(() => compareEmbeddings([Number.NaN, 0], [1, 0])).toThrow(/finite/);
});
