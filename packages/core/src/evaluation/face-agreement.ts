import type { Box, Landmarks } from "@facefleet/contracts";
import { matchBoxes } from "./match-boxes.js";

/** A face as a pipeline saw it, ours or another. */
export interface SeenFace {
  readonly box: Box;
  readonly confidence: number;
  readonly landmarks: Landmarks;
  /** Of Euclidean length 1. */
  readonly embedding: ArrayLike<number>;
}

/** How a face differs from its counterpart in the reference. */
export interface FaceDifference {
  readonly iou: number;
  /** The largest difference of the boxes' x, y, width and height, in pixels. */
  readonly boxPixels: number;
  readonly confidence: number;
  /** The largest distance of corresponding landmarks, as a share of the reference box's longer side. */
  readonly landmarks: number;
  /** Cosine of the two embeddings. */
  readonly cosine: number;
  /** The largest difference between corresponding numbers of the embeddings. */
  readonly embedding: number;
}

export interface FaceAgreement {
  readonly differences: readonly FaceDifference[];
  /** Reference faces without a counterpart. */
  readonly missed: number;
  /** Found faces without a counterpart. */
  readonly extra: number;
}

/** Compares the faces that two pipelines saw in one image. Faces whose boxes overlap by half are counterparts. */
export function compareFaces(reference: readonly SeenFace[], found: readonly SeenFace[]): FaceAgreement {
  const boxes = (faces: readonly SeenFace[]) => faces.map(({ box }) => box);
  const matches = matchBoxes(boxes(reference), boxes(found), 0.5);
  return {
    differences: matches.map((match) =>
      difference(reference[match.reference] as SeenFace, found[match.found] as SeenFace, match.iou),
    ),
    missed: reference.length - matches.length,
    extra: found.length - matches.length,
  };
}

function difference(reference: SeenFace, face: SeenFace, iou: number): FaceDifference {
  const sides = ["x", "y", "width", "height"] as const;
  return {
    iou,
    boxPixels: Math.max(...sides.map((side) => Math.abs(face.box[side] - reference.box[side]))),
    confidence: Math.abs(face.confidence - reference.confidence),
    landmarks: landmarkDifference(reference, face),
    ...embeddingDifference(reference.embedding, face.embedding),
  };
}

function landmarkDifference({ box, landmarks }: SeenFace, face: SeenFace): number {
  const names = ["leftEye", "rightEye", "nose", "mouthLeft", "mouthRight"] as const;
  const distances = names.map((name) =>
    Math.hypot(face.landmarks[name].x - landmarks[name].x, face.landmarks[name].y - landmarks[name].y),
  );
  return Math.max(...distances) / Math.max(box.width, box.height);
}

function embeddingDifference(a: ArrayLike<number>, b: ArrayLike<number>): { cosine: number; embedding: number } {
  let [cosine, embedding] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i] as number, b[i] ?? Number.NaN];
    cosine += left * right;
    embedding = Math.max(embedding, Math.abs(left - right));
  }
  return { cosine, embedding };
}
