import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultPackName } from "@facefleet/core/models";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  drawnFaces,
  goldenPhotos,
  modelsDir,
  noPhotos,
  photosDir,
  repository,
  skipped,
  tfjsNodeDir,
} from "../../../../tests/support/test-data.js";
import { detectionPlots } from "../../src/eval/detection/detection-plots.js";
import { detectionTable } from "../../src/eval/detection/detection-table.js";
import { evaluateDetection } from "../../src/eval/detection/evaluate-detection.js";
import { type EvalPipeline, openEvalPipeline } from "../../src/eval/eval-pipeline.js";
import { startEvalProgress } from "../../src/eval/eval-progress.js";

interface Truth {
  readonly file: string;
  readonly boxes: readonly (readonly number[])[];
}

describe("eval detection", () => {
  let opened: EvalPipeline;

  beforeAll(async () => {
    opened = await openEvalPipeline({ pack: defaultPackName, modelsDir, tfjsNodeDir, engine: "onnx-cpu" });
  });
  afterAll(() => opened?.close());

  async function evaluate(imagesDir: string, truths: readonly Truth[]) {
    const boxesFile = join(await mkdtemp(join(tmpdir(), "facefleet-boxes-")), "boxes.json");
    await writeFile(boxesFile, JSON.stringify(truths));
    const limits = { minFaceSize: 20, minConfidence: 0.9, startProgress: startEvalProgress };
    return evaluateDetection({ ...opened, imagesDir, boxesFile, ...limits });
  }

  it("finds the drawn faces, and misses one that is not there", async () => {
    const assets = join(repository, "tests", "assets");
    const { portrait, twoPortraits } = await drawnFaces();
    const boxes = (faces: typeof portrait) => faces.map(({ box: { x, y, width, height } }) => [x, y, width, height]);
    const truths = [
      { file: "portrait.png", boxes: boxes(portrait) },
      { file: "two-portraits.png", boxes: [...boxes(twoPortraits), [0, 0, 15, 15]] },
    ];
    const report = await evaluate(assets, truths);
    expect(report).toMatchObject({ images: 2, faces: 4, atConfidence: { precision: 1, recall: 3 / 4 } });
    expect(report.averagePrecision).toBeCloseTo(3 / 4);
    expect(detectionTable(report)).toMatch(/recall at confidence 0.9 +75.00 %/);
    expect(detectionPlots(report)["precision-recall.svg"]).not.toMatch(/NaN|Infinity|undefined/);
  });

  it.skipIf(skipped("eval detection on the reference's photos", noPhotos))("finds the reference's faces", async () => {
    const truths = Object.entries(await goldenPhotos())
      .filter(([file]) => file !== "crowd-a.jpg")
      .map(([file, { faces }]) => ({
        file,
        boxes: faces.filter(({ score }) => score >= 0.9).map(({ box: [x1, y1, x2, y2] }) => [x1, y1, x2 - x1, y2 - y1]),
      }));
    const report = await evaluate(photosDir, truths);
    expect(report.faces).toBeGreaterThan(40);
    expect(report.averagePrecision).toBeGreaterThan(0.99);
    expect(report.atConfidence).toEqual({ confidence: 0.9, precision: 1, recall: 1 });
  });
});
