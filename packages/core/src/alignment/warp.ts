import { type Region, type RgbImage, resample } from "../imaging/index.js";
import type { Standardisation } from "../models/index.js";
import { type SimilarityTransform, transformed } from "./similarity-transform.js";

/** Interleaved RGB in float32, as cut out of an image and perhaps shrunk. */
interface Patch {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * Samples a square of an image that may stand at any angle, standardises it, and writes its rows as interleaved
 * RGB float32 into `out` from `offset` on. Bilinear; what shrinks is first resized by the triangle filter, so
 * that nothing is skipped. Beyond the image's edges its nearest pixel is repeated.
 *
 * @param toImage Brings a point of the square, in pixels from its top left corner, to its place in the image.
 */
export function warpSquare(
  image: RgbImage,
  toImage: SimilarityTransform,
  side: number,
  standardisation: Standardisation,
  out: Float32Array,
  offset = 0,
): void {
  const region = coveredRegion(image, toImage, side);
  const patch = shrunkPatch(image, region, Math.max(1, Math.hypot(toImage.a, toImage.b)), standardisation);
  const scaleX = patch.width / (region.right - region.left);
  const scaleY = patch.height / (region.bottom - region.top);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = transformed(toImage, { x: x + 0.5, y: y + 0.5 });
      const to = offset + (y * side + x) * 3;
      samplePixel(patch, (at.x - region.left) * scaleX - 0.5, (at.y - region.top) * scaleY - 0.5, out, to);
    }
  }
}

/** The pixels of the image that the square touches, and one more on each side; at least one. */
function coveredRegion(image: RgbImage, toImage: SimilarityTransform, side: number): Region {
  const corners = [0, side].flatMap((x) => [0, side].map((y) => transformed(toImage, { x, y })));
  const [left, right] = coveredRun(
    corners.map(({ x }) => x),
    image.width,
  );
  const [top, bottom] = coveredRun(
    corners.map(({ y }) => y),
    image.height,
  );
  return { left, top, right, bottom };
}

function coveredRun(positions: readonly number[], limit: number): [from: number, to: number] {
  const from = Math.min(Math.max(Math.floor(Math.min(...positions)) - 1, 0), limit - 1);
  const to = Math.min(Math.ceil(Math.max(...positions)) + 1, limit);
  return [from, Math.max(to, from + 1)];
}

function shrunkPatch(image: RgbImage, region: Region, shrink: number, standardisation: Standardisation): Patch {
  const width = Math.max(1, Math.round((region.right - region.left) / shrink));
  const height = Math.max(1, Math.round((region.bottom - region.top) / shrink));
  const data = new Float32Array(width * height * 3);
  resample(image, region, { width, height }, standardisation, data);
  return { width, height, data };
}

/** Writes the bilinear mean of the four samples around (x, y), which counts from the first sample's centre. */
function samplePixel({ width, height, data }: Patch, x: number, y: number, out: Float32Array, to: number): void {
  const inX = Math.min(Math.max(x, 0), width - 1);
  const inY = Math.min(Math.max(y, 0), height - 1);
  const left = Math.floor(inX);
  const top = Math.floor(inY);
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const [u, v] = [inX - left, inY - top];
  for (let channel = 0; channel < 3; channel++) {
    const sample = (column: number, row: number) => data[(row * width + column) * 3 + channel]!;
    const above = sample(left, top) * (1 - u) + sample(right, top) * u;
    const below = sample(left, bottom) * (1 - u) + sample(right, bottom) * u;
    out[to + channel] = above * (1 - v) + below * v;
  }
}
