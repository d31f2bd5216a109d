import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { problemTable } from "@facefleet/contracts";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asset, noPhotos, oddImage, photo, skipped } from "../../../tests/support/test-data.js";
import { decodeImage, readHeader } from "../src/imaging/index.js";

const limits = { maxPixels: 50_000_000 };

async function decode(bytes: Uint8Array) {
  const header = await readHeader(bytes, limits);
  const image = await decodeImage(bytes);
  expect([image.width, image.height]).toEqual([header.width, header.height]);
  expect(image.data.length).toBe(image.width * image.height * 3);
  return { header, image };
}

/** Left half red, right half blue; 30 x 20. */
const halves = () =>
  sharp({ create: { width: 30, height: 20, channels: 3, background: "#ff0000" } }).composite([
    { input: { create: { width: 15, height: 20, channels: 3, background: "#0000ff" } }, left: 15, top: 0 },
  ]);

describe("decoding", () => {
  it.each(["jpeg", "png", "webp", "gif", "tiff", "avif"] as const)("reads %s", async (format) => {
    const { header, image } = await decode(await halves().toFormat(format).toBuffer());
    expect(header).toMatchObject({ width: 30, height: 20, format, orientation: 1 });
    expect(image.data[0]).toBeGreaterThan(230);
    expect(image.data[29 * 3 + 2]).toBeGreaterThan(230);
  });

  it("turns the image upright", async () => {
    const { header, image } = await decode(await halves().png().withMetadata({ orientation: 6 }).toBuffer());
    expect(header).toMatchObject({ width: 20, height: 30, orientation: 6 });
    expect([...image.data.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect([...image.data.subarray(-3)]).toEqual([0, 0, 255]);
  });

  it("refuses more pixels than the limit, before decoding them", async () => {
    const blank = { create: { width: 20_000, height: 20_000, channels: 3, background: "#fff" } } as const;
    const bomb = await sharp({ ...blank, limitInputPixels: false })
      .png({ compressionLevel: 9 })
      .toBuffer();
    const started = performance.now();
    await expect(readHeader(bomb, limits)).rejects.toMatchObject({
      code: "image_too_large",
      detail: "Expected at most 50000000 pixels but received 20000 x 20000",
    });
    expect(performance.now() - started).toBeLessThan(1000);
  }, 60_000);
});

const measured = process.platform === "linux";

/** What a process takes more at its worst while it decodes a file, in bytes. */
async function decodingPeak(file: string): Promise<number> {
  const script = `
    import { readFileSync, writeFileSync } from "node:fs";
    const { decodeImage, readHeader } = await import(process.argv[1]);
    const kilobytes = (name) => Number.parseInt(readFileSync("/proc/self/status", "utf8").split(name + ":")[1]);
    const bytes = readFileSync(process.argv[2]);
    await readHeader(bytes, { maxPixels: 50_000_000 });
    const before = kilobytes("VmRSS");
    writeFileSync("/proc/self/clear_refs", "5");
    await decodeImage(bytes);
    console.log((kilobytes("VmHWM") - before) * 1024);`;
  const built = new URL("../dist/imaging/index.js", import.meta.url).href;
  const { stdout } = await promisify(execFile)("node", ["--input-type=module", "-e", script, built, file]);
  return Number(stdout);
}

describe.runIf(measured)("the memory that decoding takes", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "facefleet-decoding-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const image = (channels: 3 | 4) =>
    sharp({ create: { width: 4000, height: 3000, channels, background: { r: 90, g: 120, b: 80, alpha: 0.5 } } });
  const deep = () => image(4).toColourspace("rgb16");
  const turned = { orientation: 6 };

  it.each([
    ["a JPEG", image(3).jpeg()],
    ["a progressive JPEG that is turned", image(3).withMetadata(turned).jpeg({ progressive: true })],
    ["a PNG", image(3).png()],
    ["an interlaced PNG of 16 bits that is turned", deep().withMetadata(turned).png({ progressive: true })],
    ["a WebP", image(3).webp({ effort: 0 })],
    ["a GIF", image(3).gif({ effort: 1 })],
    ["a TIFF of 16 bits that is turned", deep().withMetadata(turned).tiff({ compression: "deflate" })],
    ["an AVIF of 10 bits", image(3).avif({ effort: 0, bitdepth: 10, chromaSubsampling: "4:4:4" })],
    ["an AVIF that is turned", image(4).withMetadata(turned).avif({ effort: 0 })],
    ["a HEIC", { toBuffer: () => asset("portrait.heic") }],
    ["a HEIC of 12 megapixels", { toBuffer: () => asset("plain-12-megapixels.heic") }],
  ])("is what is said before, for %s", async (_, drawn) => {
    const file = join(folder, "image");
    await writeFile(file, await drawn.toBuffer());
    const { decodingBytes } = await readHeader(await readFile(file), limits);
    const peak = await decodingPeak(file);
    // The process itself takes some megabytes more, too.
    expect(peak).toBeLessThan(decodingBytes + 24e6);
    expect(peak).toBeGreaterThan(decodingBytes / 2);
  });
});

describe.skipIf(skipped("strange image files", noPhotos))("strange files", () => {
  it.each([
    "hopper.gif",
    "hopper.png",
    "hopper.tif",
    "hopper.webp",
    "hopper_gray.jpg",
    "hopper_bad_exif.jpg",
    "invalid-exif.jpg",
    "16-bit-grey-alpha.png",
    "tiff_16bit_RGB.tiff",
    "Channel_digital_image_CMYK_color_no_profile.jpg",
    "pil_sample_cmyk.jpg",
    "animated-loop-3.webp",
    "full-transparent.png",
    "tRNS_null_1x1.png",
    "2x2_fdcce6.png",
    "iss634.gif",
    // It lacks the second byte of its end marker only.
    "truncated_jpeg.jpg",
  ])("%s is read", async (name) => {
    const { image } = await decode(await oddImage(name));
    expect(image.width * image.height).toBeGreaterThan(0);
  });

  it.each([
    ["empty.jpg", "empty_image"],
    ["text-named.jpg", "unsupported_image_format"],
    ["check.svg", "unsupported_image_format"],
    ["favicon.ico", "unsupported_image_format"],
    ["relax.jp2", "unsupported_image_format"],
    ["clusterfuzz-testcase-minimized-file-fuzzer-5643900194127872.heic", "image_undecodable"],
    ["broken.png", "image_undecodable"],
    ["broken_data_stream.png", "image_undecodable"],
    ["corrupt-header.jpg", "image_undecodable"],
    ["truncated.jpg", "image_undecodable"],
    ["truncated.png", "image_undecodable"],
    ["truncated.gif", "image_undecodable"],
    ["zero_width.gif", "image_undecodable"],
    ["17000x17000.avif", "image_too_large"],
    ["65536-uint32-limit.png", "image_too_large"],
    ["giant-image.jpg", "image_too_large"],
  ] as const)("%s is refused as %s", async (name, code) => {
    const outcome = await decode(await oddImage(name)).catch((error) => error);
    expect(outcome).toMatchObject({ code });
    expect(problemTable[code].status).toBeLessThan(500);
  });

  it.each([2, 3, 4, 5, 6, 7, 8])("orientation %d gives the same upright picture", async (orientation) => {
    const { image } = await decode(await photo(`hopper_orientation_${orientation}.jpg`));
    const { image: first } = await decode(await photo("hopper_orientation_2.jpg"));
    const difference = image.data.reduce((sum, v, i) => sum + Math.abs(v - (first.data[i] as number)), 0);
    // JPEG itself differs between a picture and its transpose; a wrong turn differs by 40.
    expect(difference / image.data.length).toBeLessThan(6);
  });
});
