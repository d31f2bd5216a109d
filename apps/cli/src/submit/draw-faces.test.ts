import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterEach, beforeEach, expect, it } from "vitest";
import { drawFaces } from "./draw-faces.js";

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
  const pixel = await pixelsOf(await drawn(source, "out/a.png"));
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
  const target = await drawn(source, "out/sideways.jpg");
  expect(await sharp(target).metadata()).toMatchObject({ format: "jpeg", width: 120, height: 160 });
  expect(isGreen((await pixelsOf(target))(40, 90))).toBe(true);
});

it("draws on what the service reads and the drawing library does not", async () => {
  const source = fileURLToPath(new URL("../../../../tests/assets/portrait.heic", import.meta.url));
  const target = await drawn(source, "portrait.heic.png");
  expect(await sharp(target).metadata()).toMatchObject({ format: "png", width: 480, height: 640 });
});

/** Draws the face on a copy, in folders that are not there yet. */
async function drawn(source: string, name: string): Promise<string> {
  const path = join(folder, name);
  await drawFaces(await readFile(source), [face], path);
  return path;
}

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
