import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { defaultPackName } from "@facefleet/core/models";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { drawnImages } from "../../../../tests/support/drawn-images.js";
import { modelsDir, tfjsNodeDir } from "../../../../tests/support/test-data.js";
import { distancesTable } from "../../src/eval/distances/distances-table.js";
import { evaluateDistances } from "../../src/eval/distances/evaluate-distances.js";
import { type EvalPipeline, openEvalPipeline } from "../../src/eval/eval-pipeline.js";
import { startEvalProgress } from "../../src/eval/eval-progress.js";

let opened: EvalPipeline;
let folder: string;

beforeAll(async () => {
  opened = await openEvalPipeline({ pack: defaultPackName, modelsDir, tfjsNodeDir, engine: "onnx-cpu" });
});
afterAll(() => opened?.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "facefleet-people-"));
  return () => rm(folder, { recursive: true });
});

const evaluate = () =>
  evaluateDistances({
    ...opened,
    embedding: "standard",
    imagesDir: join(folder, "people"),
    measuredOn: "drawn people",
    cacheDir: join(folder, "cache"),
    startProgress: startEvalProgress,
  });

async function put(name: string, bytes: Uint8Array): Promise<void> {
  const file = join(folder, "people", name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

it("measures every two pictures of a folder a person, whatever the pictures are called", async () => {
  const [one, other] = [await drawnImages.oneFace(), await drawnImages.other()];
  await put("Ada/on the beach.JPG", one);
  await put("Ada/2024-12-24 (1).jpeg", await drawnImages.oneFaceSmall());
  await put("Ada/x.png", await sharp(one).modulate({ brightness: 1.1 }).png().toBuffer());
  await put("Ada/notes.txt", Buffer.from("no picture"));
  await put("Ben/1.webp", await sharp(other).webp().toBuffer());
  await put("Nobody/wall.jpg", await drawnImages.noFace());

  const report = await evaluate();
  expect(report.images).toMatchObject({ count: 5, people: 3 });
  expect(report.images.withoutFace).toEqual([join(folder, "people", "Nobody", "wall.jpg")]);
  const { genuinePairs, impostorPairs, points, measuredOn } = report.measurement;
  expect([genuinePairs, impostorPairs, measuredOn]).toEqual([3, 7, "drawn people"]);
  expect(points[0]).toMatchObject({ distance: 0.7, falseRejectRate: 0 });
  expect(points.at(-1)!.distance).toBe(1.2);
  for (const [i, point] of points.slice(1).entries()) {
    expect(point.distance).toBeGreaterThan(points[i]!.distance);
    expect(point.falseAcceptRate).toBeGreaterThanOrEqual(points[i]!.falseAcceptRate);
  }
  const table = distancesTable(report);
  expect(table).toMatch(/5 pictures of 3 people: 3 pairs of one person, 7 of two/);
  expect(table).toMatch(/of 1 pictures without a face the centre was taken: .*wall\.jpg/);
  expect(table).toContain(`match below ${report.uncertainBand.from}`);
});

it("says what is missing: pictures, a second person, a second picture of somebody", async () => {
  await expect(evaluate()).rejects.toThrow(
    /^Expected a folder of pictures at .*people but it cannot be read \(ENOENT\)$/,
  );
  await mkdir(join(folder, "people"));
  await expect(evaluate()).rejects.toThrow(/^Expected pictures \(\.jpg, .*\) below .*people but found none$/);
  await put("Ada/1.jpg", await drawnImages.oneFace());
  await put("Ada/2.jpg", await drawnImages.oneFaceSmall());
  await expect(evaluate()).rejects.toThrow(/but they make 1 pairs of one person and 0 of two$/);
  await rm(join(folder, "people", "Ada", "2.jpg"));
  await put("Ben/1.jpg", await drawnImages.other());
  await expect(evaluate()).rejects.toThrow(/but they make 0 pairs of one person and 1 of two$/);
  await put("wall.jpg", await drawnImages.noFace());
  await expect(evaluate()).rejects.toThrow(/^Expected a folder a person in .* a picture beside them: .*wall\.jpg$/);
});

it("finds out that there is nothing to compare before it looks at a picture", async () => {
  await put("Ada/1.jpg", Buffer.from("no picture"));
  await expect(evaluate()).rejects.toThrow(/but they make 0 pairs of one person and 0 of two$/);
});

it("takes whatever lies within somebody's folder for theirs, also where folders within are called alike", async () => {
  await put("Ada/2024/1.jpg", await drawnImages.oneFace());
  await put("Ada/2025/1.jpg", await drawnImages.oneFaceSmall());
  await put("Ben/2024/1.jpg", await drawnImages.other());
  const { images, measurement } = await evaluate();
  expect(images.people).toBe(2);
  expect(measurement).toMatchObject({ genuinePairs: 1, impostorPairs: 2 });
});
