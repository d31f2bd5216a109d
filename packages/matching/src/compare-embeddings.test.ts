import { describe, expect, it } from "vitest";
import { compareEmbeddings } from "./compare-embeddings.js";
import { l2Normalise } from "./l2-normalise.js";

const axis = (i: number, length = 1) => Array.from({ length: 512 }, (_, k) => (k === i ? length : 0));

describe("compareEmbeddings", () => {
  it("finds a vector equal to itself, whatever its length", () => {
    expect(compareEmbeddings(axis(3), axis(3, 7))).toEqual({
      match: true,
      similarity: 1,
      cosineSimilarity: 1,
      euclideanDistance: 0,
      threshold: 1,
    });
  });

  it("takes the distance of the normalised vectors", () => {
    const { cosineSimilarity, euclideanDistance, match } = compareEmbeddings(axis(0), axis(1));
    expect(cosineSimilarity).toBe(0);
    expect(euclideanDistance).toBeCloseTo(Math.SQRT2);
    expect(match).toBe(false);
  });

  it.each([
    [0.51, true],
    [0.49, false],
  ])("matches at cosine %d: %s", (cosine, match) => {
    const other = axis(0, cosine).map((v, i) => (i === 1 ? Math.sqrt(1 - cosine ** 2) : v));
    expect(compareEmbeddings(axis(0), other).match).toBe(match);
  });

  it.each([
    [axis(0).slice(1), /Expected 512 numbers for the second embedding but received 511/],
    [axis(0, Number.NaN), /finite numbers .* received NaN at index 0/],
    [axis(4, Number.POSITIVE_INFINITY), /received Infinity at index 4/],
    [axis(0, 0), /zero vector/],
    [axis(0, 1e200), /overflow/],
  ])("refuses a vector it cannot compare", (vector, message) => {
    expect(() => compareEmbeddings(axis(0), vector)).toThrow(message);
  });
});

it("normalises to length 1 and leaves zero alone", () => {
  expect([...l2Normalise([3, 4])]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect([...l2Normalise([0, 0])]).toEqual([0, 0]);
});
