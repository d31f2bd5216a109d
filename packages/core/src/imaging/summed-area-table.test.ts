import { describe, expect, it } from "vitest";
import { type Region, type RgbImage, wholeImage } from "./rgb-image.js";
import { type OutputSize, SummedAreaTable } from "./summed-area-table.js";

const asIs = { mean: 0, scale: 1 };

/** An image whose three channels are v, v + 1 and v + 2. */
function image(width: number, values: readonly number[]): RgbImage {
  const data = Uint8Array.from(values.flatMap((v) => [v, v + 1, v + 2]));
  return { width, height: values.length / width, data };
}

async function resized(from: RgbImage, size: OutputSize, region: Region = wholeImage(from)): Promise<Float32Array> {
  const { width, height, top = 0, bottom = height } = size;
  const out = new Float32Array(width * (bottom - top) * 3);
  (await SummedAreaTable.of(from)).resize(region, size, asIs, out);
  return out;
}

const red = (pixels: Float32Array) => [...pixels].filter((_, i) => i % 3 === 0);

/** The mean over the pixels that an output pixel touches, pixel by pixel. */
function plainMean({ data, width }: RgbImage, region: Region, size: OutputSize, x: number, y: number): number[] {
  const [wide, high] = [region.right - region.left, region.bottom - region.top];
  const sums = [0, 0, 0];
  let pixels = 0;
  for (let row = Math.floor((y * high) / size.height); row < Math.ceil(((y + 1) * high) / size.height); row++) {
    for (
      let column = Math.floor((x * wide) / size.width);
      column < Math.ceil(((x + 1) * wide) / size.width);
      column++
    ) {
      const at = ((region.top + row) * width + region.left + column) * 3;
      sums.forEach((_, channel) => {
        sums[channel]! += data[at + channel]!;
      });
      pixels++;
    }
  }
  return sums.map((sum) => sum / pixels);
}

describe("SummedAreaTable", () => {
  it("averages the pixels that an output pixel touches", async () => {
    const from = image(4, [0, 10, 20, 30, 40, 50, 60, 70]);
    expect([...(await resized(from, { width: 2, height: 1 }))]).toEqual([25, 26, 27, 45, 46, 47]);
  });

  it("shares a pixel between two outputs when sizes do not divide, as adaptive average pooling does", async () => {
    expect(red(await resized(image(3, [0, 30, 60]), { width: 2, height: 1 }))).toEqual([15, 45]);
  });

  it("repeats pixels when it enlarges", async () => {
    expect(red(await resized(image(2, [10, 20]), { width: 4, height: 1 }))).toEqual([10, 10, 20, 20]);
  });

  it("reads nothing outside the region", async () => {
    const from = image(3, [9, 9, 9, 9, 50, 60, 9, 70, 80]);
    const region = { left: 1, top: 1, right: 3, bottom: 3 };
    expect([...(await resized(from, { width: 1, height: 1 }, region))]).toEqual([65, 66, 67]);
  });

  it("writes only the rows that are wanted, as they are in the whole", async () => {
    const from = image(2, [0, 10, 20, 30, 40, 50, 60, 70]);
    const whole = await resized(from, { width: 2, height: 3 });
    expect(await resized(from, { width: 2, height: 3, top: 1, bottom: 2 })).toEqual(whole.subarray(6, 12));
  });

  it("standardises and writes from the offset on", async () => {
    const out = new Float32Array(6);
    const from = image(1, [127]);
    (await SummedAreaTable.of(from)).resize(wholeImage(from), { width: 1, height: 1 }, { mean: 127, scale: 2 }, out, 3);
    expect([...out]).toEqual([0, 0, 0, 0, 0.5, 1]);
  });

  // Sums are kept in 16 bits: in a white image, whatever is summed in one piece beyond that shows.
  it.each([16, 17, 31, 100, 257, 300])("is exact for white cells of %d pixels a side", async (side) => {
    const white: RgbImage = { width: side, height: side, data: new Uint8Array(side * side * 3).fill(255) };
    expect([...(await resized(white, { width: 1, height: 1 }))]).toEqual([255, 255, 255]);
  });

  it.each([
    [
      { width: 24, height: 24 },
      { left: 3, top: 5, right: 120, bottom: 95 },
    ],
    [
      { width: 5, height: 3 },
      { left: 0, top: 0, right: 131, bottom: 97 },
    ],
    [
      { width: 1, height: 40 },
      { left: 1, top: 1, right: 131, bottom: 2 },
    ],
    [
      { width: 79, height: 58 },
      { left: 0, top: 0, right: 131, bottom: 97 },
    ],
  ])("is what adding up pixel by pixel gives: %j of %j", async (size, region) => {
    let state = 1;
    const data = Uint8Array.from({ length: 131 * 97 * 3 }, () => {
      state = (state * 48271) % 2147483647;
      return state % 256;
    });
    const from = { width: 131, height: 97, data };
    const actual = await resized(from, size, region);
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const at = (y * size.width + x) * 3;
        const expected = plainMean(from, region, size, x, y);
        expected.forEach((value, channel) => {
          expect(actual[at + channel]).toBeCloseTo(value, 4);
        });
      }
    }
  });
});
