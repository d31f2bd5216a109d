import type { Box, Landmarks } from "@facefleet/contracts";
import type { AnalysedFace } from "@facefleet/core";
import type { GoldenPhoto } from "../../../tests/support/test-data.js";
import { cosine } from "./pipeline-under-test.js";

export type GoldenFace = GoldenPhoto["faces"][number];

export interface FaceMatch {
  readonly golden: GoldenFace;
  readonly face: AnalysedFace;
  readonly iou: number;
}

/** Gives each reference face the found face that overlaps it most, each found face once. */
export function matchFaces(golden: readonly GoldenFace[], found: readonly AnalysedFace[]) {
  const left = new Set(found);
  const matches: FaceMatch[] = [];
  for (const reference of golden) {
    const best = [...left]
      .map((face) => ({ golden: reference, face, iou: intersectionOverUnion(reference.box, face.box) }))
      .reduce<FaceMatch | undefined>((a, b) => (a && a.iou >= b.iou ? a : b), undefined);
    if (!best || best.iou < 0.5) continue;
    left.delete(best.face);
    matches.push(best);
  }
  return { matches, missed: golden.length - matches.length, extra: left.size };
}

/** The largest distance between corresponding landmarks, as a share of the reference box's larger side. */
export function landmarkError({ golden, face }: FaceMatch): number {
  const [x1, y1, x2, y2] = golden.box;
  const side = Math.max(x2 - x1, y2 - y1);
  const distances = points(face.landmarks).map(({ x, y }, i) => {
    const [goldenX, goldenY] = golden.landmarks[i] as readonly [number, number];
    return Math.hypot(x - goldenX, y - goldenY) / side;
  });
  return Math.max(...distances);
}

export function embeddingCosine({ golden, face }: FaceMatch): number {
  return cosine(golden.embedding, face.embedding ?? []);
}

function points({ leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks) {
  return [leftEye, rightEye, nose, mouthLeft, mouthRight];
}

function intersectionOverUnion([x1, y1, x2, y2]: GoldenFace["box"], box: Box): number {
  const width = Math.max(0, Math.min(x2, box.x + box.width) - Math.max(x1, box.x));
  const height = Math.max(0, Math.min(y2, box.y + box.height) - Math.max(y1, box.y));
  const shared = width * height;
  return shared / ((x2 - x1) * (y2 - y1) + box.width * box.height - shared);
}
