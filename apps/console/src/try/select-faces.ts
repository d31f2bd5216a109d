import type { AnalysisResult, DroppedFace, Face } from "@facefleet/client";
import { type Limits, usualLimits } from "./options.js";

export interface JudgedFace {
  readonly face: Face;
  /** Why the limits leave it out; undefined where they keep it. */
  readonly reason: DroppedFace["reason"] | undefined;
}

/** Tells a face among those of a picture, also when it is looked at again. */
export function placeOf({ box: { x, y, width } }: Face): string {
  return `${x} ${y} ${width}`;
}

type Reason = Exclude<DroppedFace["reason"], "over_limit">;
type Applies = (face: Face, limits: Limits) => boolean;

const isSet = (limits: Limits, name: keyof Limits) => limits[name] !== usualLimits[name];
const pose = ({ quality }: Face) => quality?.pose ?? { yaw: 0, pitch: 0, roll: 0 };

/** In the order in which the service looks at them: the first that applies is given. */
const reasons: readonly (readonly [Reason, Applies])[] = [
  ["low_confidence", ({ confidence }, { minConfidence }) => confidence < minConfidence],
  ["too_small", ({ box }, { minBoxSize }) => Math.min(box.width, box.height) < minBoxSize],
  [
    "turned_away",
    (face, limits) =>
      (isSet(limits, "maxYaw") && Math.abs(pose(face).yaw) > limits.maxYaw) ||
      (isSet(limits, "maxPitch") && Math.abs(pose(face).pitch) > limits.maxPitch),
  ],
  ["tilted", (face, limits) => isSet(limits, "maxRoll") && Math.abs(pose(face).roll) > limits.maxRoll],
  ["too_dark", ({ quality }, { minBrightness }) => (quality?.brightness ?? 1) < minBrightness],
  ["too_bright", ({ quality }, { maxBrightness }) => (quality?.brightness ?? 0) > maxBrightness],
  ["too_blurred", ({ quality }, { minSharpness }) => (quality?.sharpness ?? minSharpness) < minSharpness],
];

/** What the service would say with these limits of an image whose faces are all known: in its order, those kept first. */
export function selectFaces({ faces, image }: AnalysisResult, limits: Limits): JudgedFace[] {
  const kept: JudgedFace[] = [];
  const dropped: JudgedFace[] = [];
  for (const face of [...faces].sort(orders[limits.order](image))) {
    const own = reasons.find(([, applies]) => applies(face, limits))?.[0];
    const reason = own ?? (kept.length < limits.maxFaces ? undefined : "over_limit");
    (reason === undefined ? kept : dropped).push({ face, reason });
  }
  return [...kept, ...dropped];
}

/** The faces as the service has decided of them. */
export function asTold({ faces, dropped }: AnalysisResult): JudgedFace[] {
  return [
    ...faces.map((face) => ({ face, reason: undefined })),
    ...dropped.map((face) => ({ face, reason: face.reason })),
  ];
}

type Comparator = (a: Face, b: Face) => number;

const orders: Record<Limits["order"], (image: AnalysisResult["image"]) => Comparator> = {
  prominence: (image) => (a, b) => prominence(b, image) - prominence(a, image),
  confidence: () => (a, b) => b.confidence - a.confidence,
  "left-to-right": () => (a, b) => a.box.x - b.box.x,
};

/** The area of the box less twice the squared distance of its centre from the image's, in pixels squared. */
function prominence({ box }: Face, { width, height }: AnalysisResult["image"]): number {
  const x = box.x + box.width / 2 - width / 2;
  const y = box.y + box.height / 2 - height / 2;
  return box.width * box.height - 2 * (x * x + y * y);
}
