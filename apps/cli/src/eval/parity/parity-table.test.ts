import { expect, it } from "vitest";
import type { AgreementFigures } from "./agreement-figures.js";
import { parityTable } from "./parity-table.js";

const figures: AgreementFigures = {
  faces: 3,
  missed: 4,
  extra: 5,
  cosineBelow: 0,
  iou: { median: 0.91, worst: 0.81 },
  boxPixels: { median: 0.1, worst: 0.2 },
  confidence: { median: 0.01, worst: 0.02 },
  landmarks: { median: 0.001, worst: 0.002 },
  cosine: { median: 0.92, worst: 0.82 },
  embedding: { median: 1e-6, worst: 2e-6 },
};

it("has each figure in its own column", () => {
  const report = { evaluation: "parity", photos: ["a.jpg"], engines: [], absent: [], withinTolerances: true } as const;
  const toReference = [{ of: "onnx-cpu", figures, faults: [] }];
  const [, heads, row] = parityTable({ ...report, toReference, betweenEngines: [] }).split("\n");
  const cells = (line = "") => line.trim().split(/ {2,}/);
  expect(cells(heads)).toEqual([
    "faces",
    "missed",
    "extra",
    "IoU",
    "box px",
    "score",
    "landmarks",
    "cosine",
    "embedding",
  ]);
  expect(cells(row)).toEqual([
    "onnx-cpu to the reference",
    "3",
    "4",
    "5",
    "0.9100 / 0.8100",
    "1.0e-1 / 2.0e-1",
    "1.0e-2 / 2.0e-2",
    "1.0e-3 / 2.0e-3",
    "0.9200 / 0.8200",
    "1.0e-6 / 2.0e-6",
  ]);
});
