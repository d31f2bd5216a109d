import type { FaceQuality } from "@facefleet/contracts";
import type { Detection } from "../detection/index.js";
import type { RgbImage } from "../imaging/index.js";
import { greyCrop, greyCropSide } from "./grey-crop.js";
import { estimatePose } from "./pose.js";
import { sharpness } from "./sharpness.js";

/** Tells a face's quality; measures each face once. */
export type QualityMeter = (face: Detection) => FaceQuality;

/** Measures the faces of an image as they are asked for. */
export function qualityMeter(image: RgbImage): QualityMeter {
  const measured = new Map<Detection, FaceQuality>();
  return (face) => {
    const quality = measured.get(face) ?? measure(image, face);
    measured.set(face, quality);
    return quality;
  };
}

function measure(image: RgbImage, face: Detection): FaceQuality {
  const grey = greyCrop(image, face);
  return {
    sharpness: sharpness(grey, greyCropSide),
    brightness: grey.reduce((sum, value) => sum + value, 0) / grey.length,
    pose: estimatePose(face.landmarks),
  };
}
