import { describe, expect, it } from "vitest";
import type { Detection } from "../detection/index.js";
import type { AnalysisOptions } from "./face-analysis.js";
import { selectFaces } from "./select-faces.js";

const image = { width: 400, height: 200, data: new Uint8Array(0) };
const nowhere = { x: 0, y: 0 };
const landmarks = { leftEye: nowhere, rightEye: nowhere, nose: nowhere, mouthLeft: nowhere, mouthRight: nowhere };
const face = (x1: number, size: number, score: number): Detection => ({
  x1,
  y1: 100 - size / 2,
  x2: x1 + size,
  y2: 100 + size / 2,
  score,
  landmarks,
});

const central = face(180, 40, 0.95);
const largeAtEdge = face(0, 44, 0.97);
const doubtful = face(300, 40, 0.8);
const all = [doubtful, largeAtEdge, central];
const options: AnalysisOptions = {
  minFaceSize: 20,
  minConfidence: 0.9,
  maxFaces: 10,
  order: "prominence",
  embed: false,
};

const pose = { yaw: 0, pitch: 0, roll: 0 };
const meter = (measured: Detection) => ({ sharpness: measured === central ? 0.05 : 0.2, brightness: 0.5, pose });

describe("selectFaces", () => {
  it.each([
    ["prominence", [central, largeAtEdge]],
    ["confidence", [largeAtEdge, central]],
    ["left-to-right", [largeAtEdge, central]],
  ] as const)("orders by %s", async (order, expected) => {
    expect((await selectFaces(all, image, meter, { ...options, order })).kept).toEqual(expected);
  });

  it("says why a face was dropped, in the same order", async () => {
    const { kept, dropped } = await selectFaces(all, image, meter, { ...options, maxFaces: 1 });
    expect(kept).toEqual([central]);
    expect(dropped).toEqual([
      { box: { x: 300, y: 80, width: 40, height: 40 }, confidence: 0.8, reason: "low_confidence" },
      { box: { x: 0, y: 78, width: 44, height: 44 }, confidence: 0.97, reason: "over_limit" },
    ]);
  });

  it("counts only faces without a fault of their own towards the limit", async () => {
    const { kept, dropped } = await selectFaces(all, image, meter, { ...options, maxFaces: 1, minSharpness: 0.1 });
    expect(kept).toEqual([largeAtEdge]);
    expect(dropped.map(({ reason }) => reason)).toEqual(["too_blurred", "low_confidence"]);
  });
});
