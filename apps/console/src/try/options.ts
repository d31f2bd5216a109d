import type { JobOptions } from "@facefleet/client";

type Options = Required<JobOptions>;

/** What a picture is looked at with: another choice asks the service anew. */
export interface Look {
  readonly task: "detect" | "embed";
  readonly detector: Options["detector"];
  readonly minFaceSize: number;
  readonly embedding: Options["embedding"];
}

/** Which of the faces that were found are kept: decided here at once, by the rules of the service. */
export interface Limits {
  readonly minConfidence: number;
  readonly minBoxSize: number;
  readonly maxYaw: number;
  readonly maxPitch: number;
  readonly maxRoll: number;
  readonly minBrightness: number;
  readonly maxBrightness: number;
  readonly minSharpness: number;
  readonly maxFaces: number;
  readonly order: Options["order"];
}

export const usualConfidence: Readonly<Record<Options["detector"], number>> = { mtcnn: 0.9, yunet: 0.7 };

export const usualLook: Look = { task: "detect", detector: "mtcnn", minFaceSize: 20, embedding: "standard" };

/** Of limits that leave no face out, the values where they do not. */
export const usualLimits: Limits = {
  minConfidence: usualConfidence.mtcnn,
  minBoxSize: 0,
  maxYaw: 90,
  maxPitch: 90,
  maxRoll: 90,
  minBrightness: 0,
  maxBrightness: 1,
  minSharpness: 0,
  maxFaces: 100,
  order: "prominence",
};

/** So that whatever the limits may keep is in the answer, and its crop. */
export function everything({ detector, minFaceSize, embedding, task }: Look): Partial<JobOptions> {
  return {
    ...{ detector, minFaceSize, minConfidence: 0, maxFaces: 1000, crops: true },
    ...(task === "embed" && { embedding, embeddingFormat: "base64" }),
  };
}

/** The options of the request that answers what is shown: those that are not as usual. */
export function requestOptions(look: Look, limits: Limits): Partial<JobOptions> {
  const { detector, minFaceSize, embedding, task } = look;
  const set = Object.entries(limits).filter(
    ([name, value]) => name !== "minConfidence" && value !== usualLimits[name as keyof Limits],
  );
  return {
    // The fleet may be set to another one.
    detector,
    ...(minFaceSize !== usualLook.minFaceSize && { minFaceSize }),
    ...(task === "embed" && embedding !== usualLook.embedding && { embedding }),
    ...(limits.minConfidence !== usualConfidence[detector] && { minConfidence: limits.minConfidence }),
    ...(Object.fromEntries(set) as Partial<JobOptions>),
  };
}
