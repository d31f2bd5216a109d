import type { AnalysisResult, Face, ModelInfo, VerifyResult } from "@facefleet/contracts";

export const model: ModelInfo = {
  pack: "facenet-20180402-114759",
  detector: "MTCNN",
  embedder: "FaceNet",
  dimensions: 512,
  fingerprint: "0123abcd",
};

export const embedding = Array.from({ length: 512 }, (_, i) => Math.fround(Math.sin(i + 1) / 16));

export function face(confidence: number, more: Partial<Face> = {}): Face {
  return { box: { x: -1.5, y: 2.25, width: 30.125, height: 40 }, confidence, ...more };
}

export function analysis(faces: Face[]): AnalysisResult {
  return {
    image: { width: 640, height: 480, format: "jpeg", orientation: 6, sha256: "ab".repeat(32) },
    faces,
    dropped: [
      { box: { x: 1, y: 2, width: 3, height: 4 }, confidence: 0.5, reason: "low_confidence" },
      { box: { x: 5, y: 6, width: 7, height: 8 }, confidence: 0.95, reason: "over_limit" },
    ],
    model,
    timings: { queueMs: 1.25, fetchMs: 2.5, decodeMs: 3.75, detectMs: 40, embedMs: 5, batchSize: 3 },
  };
}

export const landmarks = {
  leftEye: { x: 1.5, y: 2 },
  rightEye: { x: 3, y: 4 },
  nose: { x: 5, y: 6 },
  mouthLeft: { x: 7, y: 8 },
  mouthRight: { x: 9, y: 10 },
};

export const quality = { sharpness: 0.2134, brightness: 0.4567, pose: { yaw: -12.5, pitch: 4.25, roll: -3.75 } };

export const verification: VerifyResult = {
  match: true,
  similarity: 0.95,
  cosineSimilarity: 0.9,
  euclideanDistance: 0.447,
  threshold: 1,
  decision: "match",
  uncertainBand: { from: 1, to: 1.1 },
  faces: [face(0.999, { landmarks }), face(0.98)],
  faceCounts: [1, 2],
  candidates: [
    {
      match: false,
      similarity: 0.6,
      cosineSimilarity: 0.2,
      euclideanDistance: 1.265,
      decision: "no_match",
      face: face(0.97, { cut: true }),
    },
  ],
  model,
};
