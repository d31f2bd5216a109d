import { type FaceBox, marginCrop } from "../alignment/index.js";
import { type RgbImage, resample } from "../imaging/index.js";

/** The side that faces are resized to before they are measured, in pixels. */
export const greyCropSide = 64;

const unit = { mean: 0, scale: 255 };

/** The part of a face's box that lies in the image, resized to a square: luma (Rec. 601) from 0 to 1, row by row. */
export function greyCrop(image: RgbImage, box: FaceBox): Float32Array {
  const side = greyCropSide;
  const rgb = new Float32Array(side * side * 3);
  resample(image, marginCrop(box, image, 0, side), { width: side, height: side }, unit, rgb);
  return Float32Array.from({ length: side * side }, (_, i) => luma(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!));
}

function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}
