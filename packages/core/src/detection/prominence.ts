import type { CandidateBox } from "./candidate-box.js";

/**
 * The box's area minus twice the squared distance of its centre from the image's: large and central
 * faces first, as FaceNet's own evaluation on LFW chooses (davidsandberg/facenet, align_dataset_mtcnn.py).
 */
export function prominence(
  { x1, y1, x2, y2 }: Pick<CandidateBox, "x1" | "y1" | "x2" | "y2">,
  { width, height }: { readonly width: number; readonly height: number },
): number {
  const dx = (x1 + x2) / 2 - width / 2;
  const dy = (y1 + y2) / 2 - height / 2;
  return (x2 - x1) * (y2 - y1) - 2 * (dx * dx + dy * dy);
}
