import type { Landmarks } from "@facefleet/contracts";
import type { AnalysedFace } from "@facefleet/core";
import type { GoldenPhoto } from "../../../tests/support/test-data.js";
import { matchBoxes } from "../src/evaluation/match-boxes.js";
import { cosine } from "./pipeline-under-test.js";

export type GoldenFace = GoldenPhoto["faces"][number];

export interface FaceMatch {
  readonly golden: GoldenFace;
  readonly face: AnalysedFace;
  readonly iou: number;
}

/** Gives each found face the reference face that it overlaps most, each reference face once. */
export function matchFaces(golden: readonly GoldenFace[], found: readonly AnalysedFace[]) {
  const boxes = golden.map(({ box: [x1, y1, x2, y2] }) => ({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 }));
  const pairs = matchBoxes(
    boxes,
    found.map(({ box }) => box),
    0.5,
  );
  const matches = pairs.map(
    ({ reference, found: index, iou }): FaceMatch => ({
      golden: golden[reference] as GoldenFace,
      face: found[index] as AnalysedFace,
      iou,
    }),
  );
  return { matches, missed: golden.length - matches.length, extra: found.length - matches.length };
}

/** The largest distance between corresponding landmarks, as a share of the reference box's larger side. */
export function landmarkError({ golden, face }: FaceMatch): number {
  const [x1, y1, x2, y2] = golden.box;
  const side = Math.max(x2 - x1, y2 - y1);
  const distances = points(face.landmarks!).map(({ x, y }, i) => {
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
