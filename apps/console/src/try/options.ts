import type { JobOptions } from "@facefleet/client";

type Options = Required<JobOptions>;

/** What a picture is looked at with: another choice asks the service anew. */
export interface Look {
  readonly task: "detect" | "embed";
  /** `none`: the whole picture is a face; nothing but its embedding is asked for. */
  readonly detection: Options["detection"];
  readonly detector: Options["detector"];
  /** Whether faces are also looked for in the picture turned. */
  readonly anyOrientation: boolean;
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

export const usualLook: Look = {
  task: "detect",
  detection: "faces",
  detector: "mtcnn",
  anyOrientation: false,
  minFaceSize: 20,
  embedding: "standard",
};

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

/** Without a face to look for there is only something to embed. */
export function taskOf({ detection, task }: Look): Look["task"] {
  return detection === "none" ? "embed" : task;
}

/** Whether the page decides by the limits. The service stops turning a picture by what they keep, and has none without a detector. */
export function isJudgedHere({ detection, anyOrientation }: Look): boolean {
  return detection === "faces" && !anyOrientation;
}

/** What the service is asked for: where the page applies the limits, whatever they may keep, and always the crops. */
export function askedOptions(look: Look, limits: Limits): Partial<JobOptions> {
  const { detector, minFaceSize, embedding } = look;
  return {
    ...(isJudgedHere(look)
      ? { detector, minFaceSize, minConfidence: 0, maxFaces: 1000, ...(look.task === "embed" && { embedding }) }
      : requestOptions(look, limits)),
    ...(taskOf(look) === "embed" && { embeddingFormat: "base64" }),
    crops: true,
  };
}

/** The options of the request that answers what is shown: those that are not as usual. */
export function requestOptions(look: Look, limits: Limits): Partial<JobOptions> {
  const { detection, detector, anyOrientation, minFaceSize, embedding, task } = look;
  if (detection === "none") return { detection };
  const set = Object.entries(limits).filter(
    ([name, value]) => name !== "minConfidence" && value !== usualLimits[name as keyof Limits],
  );
  return {
    // The fleet may be set to another one.
    detector,
    ...(anyOrientation && { orientations: [0, 90, 180, 270] }),
    ...(minFaceSize !== usualLook.minFaceSize && { minFaceSize }),
    ...(task === "embed" && embedding !== usualLook.embedding && { embedding }),
    ...(limits.minConfidence !== usualConfidence[detector] && { minConfidence: limits.minConfidence }),
    ...(Object.fromEntries(set) as Partial<JobOptions>),
  };
}
