import type { Standardisation } from "../models/index.js";
import type { Region, RgbImage } from "./rgb-image.js";

/** For each output position, the run of input positions it is made of, and their weights. */
interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` weights are reserved for each output position. */
  readonly weights: Float32Array;
  readonly stride: number;
}

/** Bilinear with a support that grows as the image shrinks (no aliasing), as Pillow's BILINEAR. */
function triangleTaps(length: number, outLength: number): Taps {
  const ratio = length / outLength;
  const support = Math.max(ratio, 1);
  const stride = Math.ceil(support) * 2 + 1;
  const taps = emptyTaps(outLength, stride);
  for (let i = 0; i < outLength; i++) {
    const centre = (i + 0.5) * ratio;
    const start = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(length, Math.floor(centre + support + 0.5));
    taps.starts[i] = start;
    taps.counts[i] = end - start;
    fillTriangle(
      taps.weights.subarray(i * stride, i * stride + end - start),
      (start + 0.5 - centre) / support,
      support,
    );
  }
  return taps;
}

/** Weights 1 - |t| at steps of 1 / support from `first`, scaled to a sum of 1. */
function fillTriangle(weights: Float32Array, first: number, support: number): void {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    const weight = Math.max(0, 1 - Math.abs(first + k / support));
    weights[k] = weight;
    sum += weight;
  }
  for (let k = 0; k < weights.length; k++) weights[k]! /= sum;
}

function emptyTaps(outLength: number, stride: number): Taps {
  return {
    starts: new Int32Array(outLength),
    counts: new Int32Array(outLength),
    weights: new Float32Array(outLength * stride),
    stride,
  };
}

/**
 * Resizes a region of an image to width x height by the triangle filter, standardises it, and writes it as interleaved
 * RGB float32 into `out` from `offset` on. The region must lie within the image and not be empty.
 */
export function resample(
  image: RgbImage,
  region: Region,
  { width, height }: { readonly width: number; readonly height: number },
  { mean, scale }: Standardisation,
  out: Float32Array,
  offset = 0,
): void {
  const rows = triangleTaps(region.bottom - region.top, height);
  const columns = triangleTaps(region.right - region.left, width);
  const line = new Float32Array((region.right - region.left) * 3);
  for (let y = 0; y < height; y++) {
    mixRows(image, region, rows, y, line);
    mixColumns(line, columns, width, mean, scale, out, offset + y * width * 3);
  }
}

/** The weighted sum of the input rows behind output row `y`. */
function mixRows(image: RgbImage, region: Region, rows: Taps, y: number, line: Float32Array): void {
  const { data, width } = image;
  const first = region.top + rows.starts[y]!;
  line.fill(0);
  for (let k = 0; k < rows.counts[y]!; k++) {
    const weight = rows.weights[y * rows.stride + k]!;
    const from = ((first + k) * width + region.left) * 3;
    for (let i = 0; i < line.length; i++) line[i]! += weight * data[from + i]!;
  }
}

function mixColumns(
  line: Float32Array,
  columns: Taps,
  width: number,
  mean: number,
  scale: number,
  out: Float32Array,
  offset: number,
): void {
  const { starts, counts, weights, stride } = columns;
  for (let x = 0; x < width; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let from = starts[x]! * 3;
    for (let k = x * stride; k < x * stride + counts[x]!; k++, from += 3) {
      const weight = weights[k]!;
      red += weight * line[from]!;
      green += weight * line[from + 1]!;
      blue += weight * line[from + 2]!;
    }
    const to = offset + x * 3;
    out[to] = (red - mean) / scale;
    out[to + 1] = (green - mean) / scale;
    out[to + 2] = (blue - mean) / scale;
  }
}
