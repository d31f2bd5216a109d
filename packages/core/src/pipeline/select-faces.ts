import type { Box, DroppedFace } from "@facefleet/contracts";
import { type CallOptions, ThreadTurn } from "../batching/index.js";
import { type Detection, prominence } from "../detection/index.js";
import type { RgbImage } from "../imaging/index.js";
import { dropReason, type QualityMeter } from "../quality/index.js";
import type { AnalysisOptions } from "./face-analysis.js";

/**
 * Puts an image's faces in order and says which are kept and why the others are not. `maxFaces` counts only
 * faces that nothing else speaks against. Shares the thread; rejects with the reason of the call's signal.
 */
export async function selectFaces(
  detections: readonly Detection[],
  image: RgbImage,
  meter: QualityMeter,
  options: AnalysisOptions,
  call?: CallOptions,
): Promise<{ kept: Detection[]; dropped: DroppedFace[] }> {
  const kept: Detection[] = [];
  const dropped: DroppedFace[] = [];
  const turn = new ThreadTurn(call);
  for (const face of [...detections].sort(orders[options.order](image))) {
    const reason = dropReason(face, meter, options) ?? (kept.length < options.maxFaces ? undefined : "over_limit");
    if (reason) dropped.push({ box: toBox(face), confidence: face.score, reason });
    else kept.push(face);
    if (turn.isOver) await turn.pass();
  }
  return { kept, dropped };
}

export function toBox({ x1, y1, x2, y2 }: Omit<Detection, "landmarks">): Box {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

type Comparator = (a: Detection, b: Detection) => number;

const orders: Record<AnalysisOptions["order"], (image: RgbImage) => Comparator> = {
  prominence: (image) => (a, b) => prominence(b, image) - prominence(a, image),
  confidence: () => (a, b) => b.score - a.score,
  "left-to-right": () => (a, b) => a.x1 - b.x1,
};
