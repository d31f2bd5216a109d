import type { AnalysisResult } from "@facefleet/contracts";

/** What `detect` answers of a photo with one face. */
export const detectResult: AnalysisResult = {
  image: { width: 640, height: 480, format: "jpeg", orientation: 1, sha256: "0".repeat(64) },
  faces: [
    {
      box: { x: 212.125, y: 101.5, width: 180.25, height: 221.875 },
      confidence: 0.999871,
      landmarks: {
        leftEye: { x: 260.125, y: 190.5 },
        rightEye: { x: 340.25, y: 188.75 },
        nose: { x: 301.5, y: 231.25 },
        mouthLeft: { x: 268.75, y: 271.125 },
        mouthRight: { x: 335.5, y: 269.875 },
      },
      quality: { sharpness: 0.8123, brightness: 0.5231, pose: { yaw: 3.21, pitch: -4.11, roll: -1.25 } },
    },
  ],
  dropped: [],
  model: { pack: "stand-in", detector: "none", embedder: "none", dimensions: 512, fingerprint: "0".repeat(64) },
  timings: { queueMs: 12.5, fetchMs: 1.25, decodeMs: 3.75, detectMs: 30.25, embedMs: 0, batchSize: 16 },
};
