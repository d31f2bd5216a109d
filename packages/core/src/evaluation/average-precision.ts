import type { Box } from "@facefleet/contracts";
import { matchBoxes } from "./match-boxes.js";

/** The true faces of one image, and what a detector found there. */
export interface DetectedImage {
  readonly truth: readonly Box[];
  readonly found: readonly { readonly box: Box; readonly confidence: number }[];
}

export interface PrecisionRecall {
  /** The detections at this confidence or above are counted. */
  readonly confidence: number;
  /** Share of the detections that are faces, 0 to 1. */
  readonly precision: number;
  /** Share of the faces that are detected, 0 to 1. */
  readonly recall: number;
}

/**
 * Precision and recall as the confidence asked for falls, one point for each confidence that occurs. A
 * detection is right when it overlaps a face that no surer detection has taken by at least `minIou`.
 */
export function precisionRecallCurve(images: readonly DetectedImage[], minIou = 0.5): PrecisionRecall[] {
  const faces = images.reduce((sum, { truth }) => sum + truth.length, 0);
  const detections = images.flatMap((image) => judged(image, minIou)).sort((a, b) => b.confidence - a.confidence);
  const points: PrecisionRecall[] = [];
  let right = 0;
  for (const [i, { confidence, isFace }] of detections.entries()) {
    if (isFace) right++;
    if (detections[i + 1]?.confidence === confidence) continue;
    points.push({ confidence, precision: right / (i + 1), recall: right / faces });
  }
  return points;
}

/**
 * The area under the curve, where precision at a recall is the best one at that recall or a higher one
 * (Everingham et al. 2015, "The PASCAL Visual Object Classes Challenge: A Retrospective").
 */
export function averagePrecision(curve: readonly PrecisionRecall[]): number {
  let [area, envelope, recallAbove] = [0, 0, curve.at(-1)?.recall ?? 0];
  for (const { precision, recall } of [...curve].reverse()) {
    area += envelope * (recallAbove - recall);
    envelope = Math.max(envelope, precision);
    recallAbove = recall;
  }
  return area + envelope * recallAbove;
}

function judged({ truth, found }: DetectedImage, minIou: number): { confidence: number; isFace: boolean }[] {
  const ordered = [...found].sort((a, b) => b.confidence - a.confidence);
  const boxes = ordered.map(({ box }) => box);
  const right = new Set(matchBoxes(truth, boxes, minIou).map((match) => match.found));
  return ordered.map(({ confidence }, i) => ({ confidence, isFace: right.has(i) }));
}
