import { describe, expect, it } from "vitest";
import { resample } from "./resample.js";
import { type RgbImage, wholeImage } from "./rgb-image.js";

const asIs = { mean: 0, scale: 1 };

/** An image whose three channels are v, v + 1 and v + 2. */
function image(width: number, values: readonly number[]): RgbImage {
  const data = Uint8Array.from(values.flatMap((v) => [v, v + 1, v + 2]));
  return { width, height: values.length / width, data };
}

function resized(from: RgbImage, width: number, height: number): number[] {
  const out = new Float32Array(width * height * 3);
  resample(from, wholeImage(from), { width, height }, asIs, out);
  return [...out].map((v) => Math.round(v * 1000) / 1000);
}

describe("resample", () => {
  it("keeps an image that is not resized", () => {
    const values = [3, 1, 4, 1, 5, 9];
    expect(resized(image(3, values), 3, 2)).toEqual(values.flatMap((v) => [v, v + 1, v + 2]));
  });

  it("keeps a flat image flat at any size", () => {
    const flat = image(5, new Array(25).fill(100));
    for (const side of [1, 2, 3, 7, 40]) {
      expect(new Set(resized(flat, side, side))).toEqual(new Set([100, 101, 102]));
    }
  });

  it("interpolates between pixel centres when it enlarges", () => {
    const red = resized(image(2, [0, 100]), 4, 1).filter((_, i) => i % 3 === 0);
    expect(red).toEqual([0, 25, 75, 100]);
  });
});

it("standardises and writes from the offset on", () => {
  const out = new Float32Array(6);
  resample(image(1, [127]), wholeImage(image(1, [127])), { width: 1, height: 1 }, { mean: 127, scale: 2 }, out, 3);
  expect([...out]).toEqual([0, 0, 0, 0, 0.5, 1]);
});
