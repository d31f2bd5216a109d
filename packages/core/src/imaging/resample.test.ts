import { describe, expect, it } from "vitest";
import { areaFilter, type ResampleFilter, resample, triangleFilter } from "./resample.js";
import { type Region, type RgbImage, wholeImage } from "./rgb-image.js";

const asIs = { mean: 0, scale: 1 };

/** An image whose three channels are v, v + 1 and v + 2. */
function image(width: number, values: readonly number[]): RgbImage {
  const data = Uint8Array.from(values.flatMap((v) => [v, v + 1, v + 2]));
  return { width, height: values.length / width, data };
}

function resized(from: RgbImage, width: number, height: number, filter: ResampleFilter, region?: Region): number[] {
  const out = new Float32Array(width * height * 3);
  resample(from, region ?? wholeImage(from), { width, height }, filter, asIs, out);
  return [...out].map((v) => Math.round(v * 1000) / 1000);
}

describe("areaFilter", () => {
  it("averages the pixels that an output pixel touches", () => {
    expect(resized(image(4, [0, 10, 20, 30, 40, 50, 60, 70]), 2, 1, areaFilter)).toEqual([25, 26, 27, 45, 46, 47]);
  });

  it("shares a pixel between two outputs when sizes do not divide, as adaptive average pooling does", () => {
    const red = resized(image(3, [0, 30, 60]), 2, 1, areaFilter).filter((_, i) => i % 3 === 0);
    expect(red).toEqual([15, 45]);
  });

  it("repeats pixels when it enlarges", () => {
    const red = resized(image(2, [10, 20]), 4, 1, areaFilter).filter((_, i) => i % 3 === 0);
    expect(red).toEqual([10, 10, 20, 20]);
  });

  it("reads nothing outside the region", () => {
    const from = image(3, [9, 9, 9, 9, 50, 60, 9, 70, 80]);
    const region = { left: 1, top: 1, right: 3, bottom: 3 };
    expect(resized(from, 1, 1, areaFilter, region)).toEqual([65, 66, 67]);
  });
});

it("writes only the rows that are wanted, as they are in the whole", () => {
  const from = image(2, [0, 10, 20, 30, 40, 50, 60, 70]);
  const whole = new Float32Array(2 * 3 * 3);
  resample(from, wholeImage(from), { width: 2, height: 3 }, areaFilter, asIs, whole);
  const row = new Float32Array(2 * 3);
  resample(from, wholeImage(from), { width: 2, height: 3, top: 1, bottom: 2 }, areaFilter, asIs, row);
  expect(row).toEqual(whole.subarray(6, 12));
});

describe("triangleFilter", () => {
  it("keeps an image that is not resized", () => {
    const values = [3, 1, 4, 1, 5, 9];
    expect(resized(image(3, values), 3, 2, triangleFilter)).toEqual(values.flatMap((v) => [v, v + 1, v + 2]));
  });

  it("keeps a flat image flat at any size", () => {
    const flat = image(5, new Array(25).fill(100));
    for (const side of [1, 2, 3, 7, 40]) {
      expect(new Set(resized(flat, side, side, triangleFilter))).toEqual(new Set([100, 101, 102]));
    }
  });

  it("interpolates between pixel centres when it enlarges", () => {
    const red = resized(image(2, [0, 100]), 4, 1, triangleFilter).filter((_, i) => i % 3 === 0);
    expect(red).toEqual([0, 25, 75, 100]);
  });
});

it("standardises and writes from the offset on", () => {
  const out = new Float32Array(6);
  resample(
    image(1, [127]),
    wholeImage(image(1, [127])),
    { width: 1, height: 1 },
    areaFilter,
    { mean: 127, scale: 2 },
    out,
    3,
  );
  expect([...out]).toEqual([0, 0, 0, 0, 0.5, 1]);
});
