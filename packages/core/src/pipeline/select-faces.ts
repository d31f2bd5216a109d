import type { Box, DroppedFace } from "@facefleet/contracts";
import type { Detection } from "../detection/index.js";
import type { RgbImage } from "../imaging/index.js";
import type { AnalysisOptions } from "./face-analysis.js";

/** Puts an image's faces in order and says which are kept and why the others are not. */
export function selectFaces(
  detections: readonly Detection[],
  image: RgbImage,
  { minConfidence, maxFaces, order }: AnalysisOptions,
): { kept: Detection[]; dropped: DroppedFace[] } {
  const ordered = [...detections].sort(orders[order](image));
  const confident = ordered.filter(({ score }) => score >= minConfidence);
  const doubtful = ordered.filter(({ score }) => score < minConfidence);
  return {
    kept: confident.slice(0, maxFaces),
    dropped: [
      ...confident.slice(maxFaces).map((face) => drop(face, "over_limit")),
      ...doubtful.map((face) => drop(face, "low_confidence")),
    ],
  };
}

export function toBox({ x1, y1, x2, y2 }: Detection): Box {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

function drop(face: Detection, reason: DroppedFace["reason"]): DroppedFace {
  return { box: toBox(face), confidence: face.score, reason };
}

type Comparator = (a: Detection, b: Detection) => number;

const orders: Record<AnalysisOptions["order"], (image: RgbImage) => Comparator> = {
  prominence: (image) => (a, b) => prominence(b, image) - prominence(a, image),
  confidence: () => (a, b) => b.score - a.score,
  "left-to-right": () => (a, b) => a.x1 - b.x1,
};

/**
 * The box's area minus twice the squared distance of its centre from the image's: large and central
 * faces first, as FaceNet's own evaluation on LFW chooses (davidsandberg/facenet, align_dataset_mtcnn.py).
 */
function prominence({ x1, y1, x2, y2 }: Detection, { width, height }: RgbImage): number {
  const dx = (x1 + x2) / 2 - width / 2;
  const dy = (y1 + y2) / 2 - height / 2;
  return (x2 - x1) * (y2 - y1) - 2 * (dx * dx + dy * dy);
}
