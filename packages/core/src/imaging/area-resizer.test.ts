import { describe, expect, it } from "vitest";
import { AreaResizer } from "./area-resizer.js";
import type { RgbImage } from "./rgb-image.js";
import { SummedAreaTable } from "./summed-area-table.js";

const [width, height] = [53, 41];
const image: RgbImage = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919 + (i >> 3) * 31) % 256),
};
const standardisation = { mean: 127.5, scale: 128 };

describe("AreaResizer", () => {
  it.each([
    ["shrunk", { left: 3, top: 5, right: 50, bottom: 40 }, { width: 12, height: 12 }],
    ["enlarged", { left: 10, top: 7, right: 22, bottom: 18 }, { width: 48, height: 48 }],
    ["as it is", { left: 1, top: 2, right: 33, bottom: 30 }, { width: 32, height: 28 }],
    ["one pixel", { left: 52, top: 40, right: 53, bottom: 41 }, { width: 24, height: 24 }],
    ["to one pixel", { left: 0, top: 0, right: 53, bottom: 41 }, { width: 1, height: 1 }],
  ])("gives the numbers of a summed-area table: %s", async (_, region, size) => {
    const expected = new Float32Array(size.width * size.height * 3);
    (await SummedAreaTable.of(image)).resize(region, size, standardisation, expected);
    const actual = new Float32Array(7 + expected.length);
    new AreaResizer(image).resize(region, size, standardisation, actual, 7);
    for (const [i, value] of expected.entries()) expect(actual[7 + i]).toBeCloseTo(value, 5);
    expect([...actual.subarray(0, 7)]).toEqual(new Array(7).fill(0));
  });

  it.each([
    { width, height },
    { width: 29, height: 17 },
  ])("gives a part of the image at $width x $height, which is as it is in the whole", (size) => {
    const whole = new Float32Array(size.width * size.height * 3);
    const resizer = new AreaResizer(image);
    resizer.resize({ left: 0, top: 0, right: width, bottom: height }, size, standardisation, whole);
    const part = { left: 4, top: 6, right: 24, bottom: 15 };
    const stride = 70;
    const out = new Float32Array(9 * stride).fill(9);
    resizer.resizePart(size, part, standardisation, out, stride);
    for (let y = 0; y < 9; y++) {
      const expected = whole.subarray(((part.top + y) * size.width + part.left) * 3).subarray(0, 60);
      expect([...out.subarray(y * stride, y * stride + 60)]).toEqual([...expected]);
      expect([...out.subarray(y * stride + 60, (y + 1) * stride)]).toEqual(new Array(10).fill(9));
    }
  });
});
