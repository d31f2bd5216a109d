import type { Box, FaceQuality } from "@facefleet/contracts";

/** The numbers of a face as they are answered, and as limits are compared with them: no caller sees other ones. */
export const answered = {
  /** A score, 0 to 1. */
  confidence: (score: number): number => round(score, 6),
  /** Pixels. */
  length: (pixels: number): number => round(pixels, 3),
  box: ({ x, y, width, height }: Box): Box => ({
    x: round(x, 3),
    y: round(y, 3),
    width: round(width, 3),
    height: round(height, 3),
  }),
  quality: ({ sharpness, brightness, pose: { yaw, pitch, roll } }: FaceQuality): FaceQuality => ({
    sharpness: round(sharpness, 4),
    brightness: round(brightness, 4),
    pose: { yaw: round(yaw, 2), pitch: round(pitch, 2), roll: round(roll, 2) },
  }),
} as const;

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
