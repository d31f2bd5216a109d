import type { FaceAnalysis, FacePipeline } from "@facefleet/core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodedPortraits, refusedPortraits } from "../../../tests/support/coded-portraits.js";
import { asset, noPhotos, oddImage, portrait, skipped } from "../../../tests/support/test-data.js";
import { intersectionOverUnion } from "../src/evaluation/match-boxes.js";
import { decodeImage, type RgbImage, readHeader } from "../src/imaging/index.js";
import { cosine, everyFace, openPipeline } from "./pipeline-under-test.js";

const limits = { maxPixels: 50_000_000 };
const decoded = await decodedPortraits();
const refused = await refusedPortraits();

/** The least IoU and cosine to the picture itself, or as grey, and the largest mean difference from its values. */
const bounds = {
  all: [0.95, 0.999, 0],
  most: [0.95, 0.98, 2],
  palette: [0.9, 0.9, 3],
  inks: [0.95, 0.8, 40],
  grey: [0.95, 0.97, 6],
  shape: [0, -1, 128],
} as const;

let pipeline: FacePipeline;
let picture: FaceAnalysis;
let greyPicture: FaceAnalysis;

beforeAll(async () => {
  ({ pipeline } = await openPipeline("onnx-cpu"));
  picture = await pipeline.analyse(await portrait(), everyFace);
  greyPicture = await pipeline.analyse(await grey(), everyFace);
});
afterAll(() => pipeline.close());

const grey = async () =>
  sharp(await portrait())
    .removeAlpha()
    .toColourspace("b-w")
    .png()
    .toBuffer();

function meanDifference(a: RgbImage, b: RgbImage): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
}

describe("the portrait", () => {
  it.each(decoded)("as $name is the same picture", async ({ bytes, format, keeps }) => {
    const [leastIou, leastCosine, largestDifference] = bounds[keeps];
    expect(await readHeader(bytes, limits)).toMatchObject({ format, width: 480, height: 640, orientation: 1 });
    const whole = await (keeps === "grey" ? grey() : portrait());
    expect(meanDifference(await decodeImage(bytes), await decodeImage(whole))).toBeLessThanOrEqual(largestDifference);
    if (keeps === "shape") return;
    const [expected] = (keeps === "grey" ? greyPicture : picture).faces;
    const found = (await pipeline.analyse(bytes, everyFace)).faces;
    expect(found).toHaveLength(1);
    expect(intersectionOverUnion(found[0]!.box, expected!.box)).toBeGreaterThanOrEqual(leastIou);
    expect(cosine(found[0]!.embedding!, expected!.embedding!)).toBeGreaterThanOrEqual(leastCosine);
  });

  it.each(refused)("as $name is refused by that name", async ({ bytes, says }) => {
    await expect(pipeline.analyse(bytes, everyFace)).rejects.toMatchObject({
      code: "unsupported_image_format",
      detail: expect.stringMatching(says),
    });
  });

  it("has the same background as a transparent GIF and as a PNG", async () => {
    const cut = sharp(await portrait())
      .ensureAlpha()
      .composite([
        {
          input: Buffer.from('<svg width="480" height="640"><rect width="480" height="90"/></svg>'),
          blend: "dest-out",
        },
      ]);
    const palette = { palette: true, dither: 0 } as const;
    const [gif, png] = await Promise.all([
      cut.clone().gif({ dither: 0 }).toBuffer(),
      cut.clone().png(palette).toBuffer(),
    ]);
    const [first, second] = [await decodeImage(gif), await decodeImage(png)];
    expect((await sharp(gif).stats()).isOpaque).toBe(false);
    const pixel = (image: typeof first) => [...image.data.subarray(0, 3)];
    for (const [i, value] of pixel(first).entries()) expect(Math.abs(value - pixel(second)[i]!)).toBeLessThan(8);
  });

  it("as a HEIC is refused where that is turned off, and is damaged when it is cut", async () => {
    const heic = await asset("portrait.heic");
    const off = { ...limits, heic: false };
    await expect(readHeader(heic, off)).rejects.toMatchObject({
      code: "unsupported_image_format",
      detail: expect.stringContaining("HEIC (which is turned off here)"),
    });
    const cut = heic.subarray(0, heic.length / 2);
    const damage = { code: "image_undecodable", cause: { message: expect.stringContaining("libheif") } };
    await expect(decodeImage(cut)).rejects.toMatchObject(damage);
  });

  it("as a JPEG that lacks data is damaged, with its end marker or without", async () => {
    const jpeg = decoded[0]!.bytes;
    for (const lost of [3, 100, jpeg.length / 2]) {
      await expect(decodeImage(jpeg.subarray(0, jpeg.length - lost))).rejects.toMatchObject({
        code: "image_undecodable",
      });
    }
  });
});

describe.skipIf(skipped("whole files in strange codings", noPhotos))("whole files of one picture", () => {
  const whole = (name: string) => oddImage(`whole/${name}`);

  it.each([
    ["big.tif", 0],
    ["still.avif", 2],
    ["major-brand-mif1.avif", 2],
    ["sequence.avif", 2],
    ["no-end-marker.jpg", 2],
  ])("%s is read", async (name, largestDifference) => {
    const [image, base] = [await decodeImage(await whole(name)), await decodeImage(await whole("base.png"))];
    expect(meanDifference(image, base)).toBeLessThanOrEqual(largestDifference);
  });

  it.each([
    ["raw-with-thumbnail.dng", /camera raw/],
    ["ycbcr.tif", /YCbCr/],
    ["int16.tif", /signed/],
    ["zstd.tif", /ZSTD/],
    ["twelve-bit.jpg", /12 bits/],
  ])("%s is refused by its name", async (name, says) => {
    const refusal = { code: "unsupported_image_format", detail: expect.stringMatching(says) };
    await expect(readHeader(await whole(name), limits)).rejects.toMatchObject(refusal);
  });
});
