import type { Region, RgbImage } from "../imaging/index.js";

/** The edges of a face's box, in pixels. */
export interface FaceBox {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/**
 * The pixels around a face that FaceNet was trained on: the box widened so that `margin` of the
 * `inputSize` pixels of the crop lie outside it, cut at the image's edges (facenet-pytorch's
 * `extract_face`). At least one pixel, whatever the box.
 */
export function marginCrop(box: FaceBox, image: RgbImage, margin: number, inputSize: number): Region {
  const widen = margin / (inputSize - margin) / 2;
  const [left, right] = widened(box.x1, box.x2, widen, image.width);
  const [top, bottom] = widened(box.y1, box.y2, widen, image.height);
  return { left, top, right, bottom };
}

function widened(low: number, high: number, widen: number, limit: number): [low: number, high: number] {
  const by = (high - low) * widen;
  const from = Math.min(Math.trunc(Math.max(low - by, 0)), limit - 1);
  const to = Math.trunc(Math.min(high + by, limit));
  return [from, Math.max(to, from + 1)];
}
