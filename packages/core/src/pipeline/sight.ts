import type { DroppedFace, Landmarks } from "@facefleet/contracts";
import type { Detection } from "../detection/index.js";
import { boxTurnedBack, pointTurnedBack, type RgbImage, type Turn } from "../imaging/index.js";
import { type QualityMeter, qualityMeter } from "../quality/index.js";
import type { AnalysedFace } from "./face-analysis.js";
import { toBox } from "./select-faces.js";

/** A face as it was found; without landmarks where it was not looked for. */
export type FoundFace = Omit<Detection, "landmarks"> & Partial<Pick<Detection, "landmarks">>;

/** The faces of a picture, in pixels of the picture so turned. */
export interface Sight {
  readonly image: RgbImage;
  readonly turn: Turn;
  readonly kept: readonly FoundFace[];
  readonly dropped: readonly DroppedFace[];
  readonly meter: QualityMeter;
  readonly pyramidMs: number;
  readonly batchSize: number;
}

/** A picture that is the crop of one face. */
export function wholePicture(image: RgbImage): Sight {
  const face = { x1: 0, y1: 0, x2: image.width, y2: image.height, score: 1 };
  return { image, turn: 0, kept: [face], dropped: [], meter: qualityMeter(image), pyramidMs: 0, batchSize: 1 };
}

type Size = Pick<RgbImage, "width" | "height">;

/** Where a face is in the picture as it came, of that size. */
export function placeOf(
  { landmarks, ...face }: FoundFace,
  turn: Turn,
  picture: Size,
): Pick<AnalysedFace, "box" | "confidence" | "landmarks" | "turned"> {
  return {
    box: boxTurnedBack(toBox(face), turn, picture),
    ...(turn !== 0 && { turned: turn }),
    confidence: face.score,
    ...(landmarks && { landmarks: landmarksTurnedBack(landmarks, turn, picture) }),
  };
}

function landmarksTurnedBack(landmarks: Landmarks, turn: Turn, picture: Size): Landmarks {
  const { leftEye, rightEye, nose, mouthLeft, mouthRight } = landmarks;
  const back = (point: Landmarks["nose"]) => pointTurnedBack(point, turn, picture);
  return {
    leftEye: back(leftEye),
    rightEye: back(rightEye),
    nose: back(nose),
    mouthLeft: back(mouthLeft),
    mouthRight: back(mouthRight),
  };
}
