import { describe, expect, it } from "vitest";
import type { RgbImage } from "../imaging/index.js";
import { mirrorSquare } from "./mirror.js";
import { inverse, type SimilarityTransform } from "./similarity-transform.js";
import { warpSquare } from "./warp.js";

const asIs = { mean: 0, scale: 1 };
const identity: SimilarityTransform = { a: 1, b: 0, dx: 0, dy: 0 };

/** Red is drawn, green is its double, blue is 7. */
function picture(width: number, height: number, red: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([red(x, y), 2 * red(x, y), 7], (y * width + x) * 3);
  }
  return { width, height, data };
}

function warped(image: RgbImage, toImage: SimilarityTransform, side: number): Float32Array {
  const out = new Float32Array(side * side * 3);
  warpSquare(image, toImage, side, asIs, out);
  return out;
}

function redOf(pixels: Float32Array): number[] {
  return Array.from(pixels).filter((_, i) => i % 3 === 0);
}

describe("warpSquare", () => {
  const numbered = picture(3, 3, (x, y) => 10 * y + x);

  it("copies what stays in place", () => {
    expect(Array.from(warped(numbered, identity, 3))).toEqual(Array.from(numbered.data));
  });

  it("turns by a quarter", () => {
    // Rows of the square run down the image, from its right edge.
    const quarter = { a: 0, b: 1, dx: 3, dy: 0 };
    expect(redOf(warped(numbered, quarter, 3)).map(Math.round)).toEqual([2, 12, 22, 1, 11, 21, 0, 10, 20]);
  });

  it("mixes neighbours bilinearly", () => {
    expect(redOf(warped(numbered, { ...identity, dx: 0.25, dy: 0.5 }, 2))).toEqual([5.25, 6.25, 15.25, 16.25]);
  });

  it("repeats the edge outside the image, however far", () => {
    expect(redOf(warped(numbered, { ...identity, dx: -1 }, 3))).toEqual([0, 0, 1, 10, 10, 11, 20, 20, 21]);
    expect(new Set(redOf(warped(numbered, { ...identity, dx: 500, dy: 500 }, 2)))).toEqual(new Set([22]));
    expect(new Set(redOf(warped(numbered, { ...identity, dx: -500, dy: -500 }, 2)))).toEqual(new Set([0]));
  });

  it("keeps a slope a slope when it is turned and shrunk", () => {
    const slope = picture(120, 120, (x) => x);
    const turnedAndShrunk = { a: 2.5 * Math.cos(0.3), b: 2.5 * Math.sin(0.3), dx: 30, dy: 10 };
    const red = redOf(warped(slope, turnedAndShrunk, 20));
    for (let i = 0; i < red.length; i++) {
      const [x, y] = [(i % 20) + 0.5, Math.floor(i / 20) + 0.5];
      const expected = turnedAndShrunk.a * x - turnedAndShrunk.b * y + turnedAndShrunk.dx - 0.5;
      expect(Math.abs(red[i]! - expected)).toBeLessThan(0.5);
    }
  });

  // The stripes lie where sampling alone, which looks at the middle of each eight pixels, sees none of them.
  it.each([
    ["columns", (x: number, _y: number) => x],
    ["rows", (_x: number, y: number) => y],
  ])("averages the %s that it shrinks instead of skipping them", (_what, along) => {
    const stripes = picture(160, 160, (x, y) => (along(x, y) % 8 < 2 ? 100 : 0));
    const shrunk = redOf(warped(stripes, { a: 8, b: 0, dx: 0, dy: 0 }, 20));
    const inside = shrunk.filter((_, i) => [i % 20, Math.floor(i / 20)].every((at) => at > 0 && at < 19));
    expect(inside).toHaveLength(18 * 18);
    for (const value of inside) expect(Math.abs(value - 25)).toBeLessThan(1);
  });

  it("standardises and writes at the offset only", () => {
    const out = new Float32Array(2 * 2 * 3 + 6).fill(-1);
    warpSquare(
      picture(2, 2, () => 50),
      identity,
      2,
      { mean: 7, scale: 2 },
      out,
      3,
    );
    expect(Array.from(out)).toEqual([
      -1,
      -1,
      -1,
      ...Array.from({ length: 4 }, () => [21.5, 46.5, 0]).flat(),
      -1,
      -1,
      -1,
    ]);
  });

  it("brings the places of a transform to where they belong", () => {
    const dot = picture(60, 60, (x, y) => (x === 40 && y === 25 ? 100 : 0));
    const toSquare = { a: 0.6, b: -0.8, dx: -20, dy: 30 };
    const red = redOf(warped(dot, inverse(toSquare), 50));
    const at = { x: 0.6 * 40.5 + 0.8 * 25.5 - 20, y: -0.8 * 40.5 + 0.6 * 25.5 + 30 };
    const brightest = red.indexOf(Math.max(...red));
    expect([brightest % 50, Math.floor(brightest / 50)]).toEqual([Math.floor(at.x), Math.floor(at.y)]);
  });
});

it("mirrorSquare swaps left and right, and twice gives back", () => {
  const pixels = warped(
    picture(3, 3, (x, y) => 10 * y + x),
    identity,
    3,
  );
  const kept = Array.from(pixels);
  mirrorSquare(pixels, 3);
  expect(redOf(pixels)).toEqual([2, 1, 0, 12, 11, 10, 22, 21, 20]);
  expect(Array.from(pixels.subarray(0, 3))).toEqual([2, 4, 7]);
  mirrorSquare(pixels, 3);
  expect(Array.from(pixels)).toEqual(kept);
});
