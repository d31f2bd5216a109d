import type { AnalysedFace, FaceAnalysis } from "@facefleet/core";
import { expect, test } from "vitest";
import { reusedResult, toAnalysisResult, toFace } from "./result.js";

const values = Float32Array.from({ length: 512 }, (_, index) => Math.sin(index + 1) / 16);

const size = { width: 60, height: 50 };
const face: AnalysedFace = {
  box: { x: -1.23456, y: 2, width: 30.00049, height: 40.9996 },
  confidence: 0.998765432,
  landmarks: {
    leftEye: { x: 1.00049, y: 2 },
    rightEye: { x: 3, y: 4 },
    nose: { x: 5, y: 6 },
    mouthLeft: { x: 7, y: 8 },
    mouthRight: { x: 9, y: 10.12351 },
  },
  embedding: values,
};

test("rounds boxes and landmarks to 3 decimals and confidence to 6", () => {
  const { box, confidence, landmarks } = toFace(face, size, { landmarks: true, embeddingFormat: "float" });
  expect(box).toEqual({ x: -1.235, y: 2, width: 30, height: 41 });
  expect(confidence).toBe(0.998765);
  expect(landmarks).toEqual({ ...face.landmarks, leftEye: { x: 1, y: 2 }, mouthRight: { x: 9, y: 10.124 } });
});

test.each([
  [{ x: 0, y: 0, width: 60, height: 50 }, undefined],
  [{ x: -0.0004, y: 0, width: 60.0004, height: 50 }, undefined],
  [{ x: -0.001, y: 0, width: 10, height: 10 }, true],
  [{ x: 0, y: -1, width: 10, height: 10 }, true],
  [{ x: 50, y: 0, width: 10.001, height: 10 }, true],
  [{ x: 0, y: 45, width: 10, height: 6 }, true],
])("of the box %j it is said that the border cuts it: %s", (box, cut) => {
  expect(toFace({ ...face, box }, size, { landmarks: false, embeddingFormat: "float" }).cut).toBe(cut);
});

test("numbers of an embedding read back to the same float32, and are no longer than that takes", () => {
  const { embedding } = toFace(face, size, { landmarks: false, embeddingFormat: "float" });
  expect(Float32Array.from(embedding as number[])).toEqual(values);
  const longest = Math.max(...(embedding as number[]).map((value) => String(value).replace(/^-?0\.0*/, "").length));
  expect(longest).toBeLessThanOrEqual(9);
});

test("base64 is the little-endian float32 bytes, of a view into a larger buffer too", () => {
  const view = new Float32Array(new Float32Array([9, 1, -0.5]).buffer, 4, 2);
  const { embedding } = toFace({ ...face, embedding: view }, size, { landmarks: false, embeddingFormat: "base64" });
  expect(embedding).toBe(Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf]).toString("base64"));
});

test("leaves out landmarks that are not wanted and embeddings that were not made", () => {
  const { embedding, ...detected } = face;
  expect(embedding).toBeDefined();
  expect(Object.keys(toFace(detected, size, { landmarks: false, embeddingFormat: "float" }))).toEqual([
    "box",
    "cut",
    "confidence",
  ]);
});

test("rounds quality to what it is good for", () => {
  const pose = { yaw: -12.3456, pitch: 0.005001, roll: 3 };
  const quality = { sharpness: 0.123456, brightness: 0.98765432, pose };
  expect(toFace({ ...face, quality }, size, { landmarks: false, embeddingFormat: "float" }).quality).toEqual({
    sharpness: 0.1235,
    brightness: 0.9877,
    pose: { yaw: -12.35, pitch: 0.01, roll: 3 },
  });
});

test("an analysis becomes a result with its timings", () => {
  const analysis: FaceAnalysis = {
    image: { width: 10, height: 20, format: "png", orientation: 1, sha256: "00" },
    faces: [face, face],
    dropped: [{ box: face.box, confidence: 0.12345678, reason: "low_confidence" }],
    model: { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" },
    timings: { memoryMs: 9, decodeMs: 1.006, pyramidMs: 0.5, detectMs: 2, alignMs: 0.25, embedMs: 1, batchSize: 3 },
  };
  const format = { landmarks: true, embeddingFormat: "float" } as const;
  const result = toAnalysisResult(analysis, { format, queueMs: 12, fetchMs: 3.333333 });
  expect(result.faces).toHaveLength(2);
  expect(result.dropped).toEqual([
    { box: { x: -1.235, y: 2, width: 30, height: 41 }, cut: true, confidence: 0.123457, reason: "low_confidence" },
  ]);
  expect(result.timings).toEqual({
    queueMs: 12,
    fetchMs: 3.33,
    decodeMs: 1.01,
    detectMs: 2.5,
    embedMs: 1.25,
    batchSize: 3,
  });
  expect(result).toMatchObject({ image: analysis.image, model: analysis.model });
});

test("a result that is used again says that nothing was run for it", () => {
  const first: FaceAnalysis = {
    image: { width: 10, height: 20, format: "png", orientation: 1, sha256: "00" },
    faces: [face],
    dropped: [],
    model: { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" },
    timings: { memoryMs: 0, decodeMs: 1, pyramidMs: 0, detectMs: 2, alignMs: 0, embedMs: 3, batchSize: 4 },
  };
  const format = { landmarks: true, embeddingFormat: "float" } as const;
  const result = toAnalysisResult(first, { format, queueMs: 12, fetchMs: 3 });
  expect(reusedResult(result, { queueMs: 5.001, fetchMs: 6 })).toEqual({
    ...result,
    timings: { queueMs: 5, fetchMs: 6, decodeMs: 0, detectMs: 0, embedMs: 0, batchSize: 0 },
  });
});
