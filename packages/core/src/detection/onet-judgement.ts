import type { Landmarks, Point } from "@facefleet/contracts";
import { type CandidateBox, regress } from "./candidate-box.js";
import type { Judgement } from "./candidate-crop.js";
import type { Detection } from "./detection.js";

/** What O-Net answers for a crop. */
export type OnetJudgement = Judgement<"logits" | "offsets" | "landmarks">;

/** Where O-Net sees the face that a square box holds. The score stays the box's. */
export function refinedByOnet(box: CandidateBox, { offsets, landmarks }: OnetJudgement): Detection {
  return { ...regress(box, offsets, 1), landmarks: landmarksIn(box, landmarks) };
}

/** Landmarks come as x1..x5, y1..y5, shares of the box before its regression (its last pixel counted in). */
function landmarksIn(box: CandidateBox, shares: Float32Array): Landmarks {
  const width = box.x2 - box.x1 + 1;
  const height = box.y2 - box.y1 + 1;
  const point = (i: number): Point => ({
    x: width * shares[i]! + box.x1 - 1,
    y: height * shares[i + 5]! + box.y1 - 1,
  });
  return { leftEye: point(0), rightEye: point(1), nose: point(2), mouthLeft: point(3), mouthRight: point(4) };
}
