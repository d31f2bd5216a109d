import { type DropReason, dropReasons, type FaceQuality, type JobOptions } from "@facefleet/contracts";
import type { Detection } from "../detection/index.js";
import { answered } from "./answered.js";
import type { QualityMeter } from "./quality-meter.js";

/** Which faces to leave out, whatever else an image holds. A limit that is not set is not looked at. */
export type FaceFilters = Pick<
  JobOptions,
  | "minConfidence"
  | "minBoxSize"
  | "maxYaw"
  | "maxPitch"
  | "maxRoll"
  | "minBrightness"
  | "maxBrightness"
  | "minSharpness"
>;

/** `over_limit` is about an image's other faces. */
type OwnReason = Exclude<DropReason, "over_limit">;

interface MeasuredFace {
  readonly face: Detection;
  readonly quality: () => FaceQuality;
}

const applies: Record<OwnReason, (measured: MeasuredFace, filters: FaceFilters) => boolean> = {
  low_confidence: ({ face }, { minConfidence }) => answered.confidence(face.score) < minConfidence,
  too_small: ({ face }, { minBoxSize }) =>
    isBelow(minBoxSize, () => answered.length(Math.min(face.x2 - face.x1, face.y2 - face.y1))),
  turned_away: ({ quality }, { maxYaw, maxPitch }) =>
    isAbove(maxYaw, () => Math.abs(quality().pose.yaw)) || isAbove(maxPitch, () => Math.abs(quality().pose.pitch)),
  tilted: ({ quality }, { maxRoll }) => isAbove(maxRoll, () => Math.abs(quality().pose.roll)),
  too_dark: ({ quality }, { minBrightness }) => isBelow(minBrightness, () => quality().brightness),
  too_bright: ({ quality }, { maxBrightness }) => isAbove(maxBrightness, () => quality().brightness),
  too_blurred: ({ quality }, { minSharpness }) => isBelow(minSharpness, () => quality().sharpness),
};

const ownReasons = dropReasons.filter((reason) => reason !== "over_limit");

/** The first reason, in the order of `dropReasons`, by the numbers that are answered, to leave a face out for what it is; undefined: there is none. */
export function dropReason(face: Detection, meter: QualityMeter, filters: FaceFilters): OwnReason | undefined {
  const measured = { face, quality: () => answered.quality(meter(face)) };
  return ownReasons.find((reason) => applies[reason](measured, filters));
}

function isBelow(limit: number | undefined, value: () => number): boolean {
  return limit !== undefined && value() < limit;
}

function isAbove(limit: number | undefined, value: () => number): boolean {
  return limit !== undefined && value() > limit;
}
