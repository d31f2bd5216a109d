import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DrawingFolder } from "./drawing-folder.js";

const face = {
  box: { x: 40, y: 60, width: 50, height: 60 },
  confidence: 0.987,
  landmarks: {
    leftEye: { x: 55, y: 80 },
    rightEye: { x: 75, y: 80 },
    nose: { x: 65, y: 92 },
    mouthLeft: { x: 57, y: 105 },
    mouthRight: { x: 73, y: 105 },
  },
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawing-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("draws the box, the landmarks and the confidence where they belong", async () => {
  const source = await grayImage("a.png");
  const pixel = await pixelsOf(await new DrawingFolder(join(folder, "out"), [source]).draw(source, [face]));
  for (const [x, y] of [
    [40, 90],
    [90, 90],
    [65, 60],
    [65, 120],
  ] as const)
    expect(isGreen(pixel(x, y))).toBe(true);
  for (const { x, y } of Object.values(face.landmarks)) expect(isPink(pixel(x, y))).toBe(true);
  expect(pixel(100, 150)).toEqual([128, 128, 128]);
  const label = Array.from({ length: 40 }, (_, x) => Array.from({ length: 7 }, (_, y) => pixel(40 + x, 52 + y))).flat();
  expect(label.some(isGreen)).toBe(true);
  expect(label.some(([red]) => red! < 60)).toBe(true);
});

it("draws on the upright image, and keeps a JPEG a JPEG", async () => {
  const source = join(folder, "sideways.jpg");
  await sharp(gray(160, 120)).withMetadata({ orientation: 6 }).toFile(source);
  const target = await new DrawingFolder(join(folder, "out"), [source]).draw(source, [face]);
  expect(await sharp(target).metadata()).toMatchObject({ format: "jpeg", width: 120, height: 160 });
  expect(isGreen((await pixelsOf(target))(40, 90))).toBe(true);
});

it("draws on what the service reads and the drawing library does not", async () => {
  const source = fileURLToPath(new URL("../../../../tests/assets/portrait.heic", import.meta.url));
  const target = await new DrawingFolder(join(folder, "out"), [source]).draw(source, [face]);
  expect(basename(target)).toBe("portrait.png");
  expect(await sharp(target).metadata()).toMatchObject({ format: "png", width: 480, height: 640 });
});

it("gives files of the same name in different folders different copies", async () => {
  await mkdir(join(folder, "one"));
  await mkdir(join(folder, "two"));
  const sources = [await grayImage("one/a.png"), await grayImage("two/a.png")];
  const drawings = new DrawingFolder(join(folder, "out"), sources);
  const targets = await Promise.all(sources.map((source) => drawings.draw(source, [])));
  expect(targets.map((target) => basename(target))).toEqual(["a.png", "a-2.png"]);
});

it("never replaces a source", async () => {
  const source = await grayImage("a.png");
  const before = await readFile(source);
  const target = await new DrawingFolder(folder, [source]).draw(source, [face]);
  expect(basename(target)).toBe("a-2.png");
  expect(await readFile(source)).toEqual(before);
});

function gray(width: number, height: number) {
  return { create: { width, height, channels: 3 as const, background: "#808080" } };
}

async function grayImage(name: string): Promise<string> {
  const path = join(folder, name);
  await sharp(gray(120, 160)).toFile(path);
  return path;
}

async function pixelsOf(path: string): Promise<(x: number, y: number) => number[]> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return (x, y) => [...data.subarray((y * info.width + x) * info.channels).subarray(0, 3)];
}

function isGreen([red, green, blue]: number[]): boolean {
  return green! > 150 && red! < 120 && blue! < 160;
}

function isPink([red, green]: number[]): boolean {
  return red! > 180 && green! < 110;
}
