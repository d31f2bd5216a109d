import type { RgbImage } from "@facefleet/core/internals";

interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Adaptive average pooling in two passes, rows and then columns, standardised: as most people would write it. */
export function plainResize(
  { data, width: stride }: RgbImage,
  { left, top, right, bottom }: Region,
  size: { readonly width: number; readonly height: number },
  { mean, scale }: { readonly mean: number; readonly scale: number },
  out: Float32Array,
  offset: number,
): void {
  const line = new Float32Array((right - left) * 3);
  for (let y = 0; y < size.height; y++) {
    const [from, to] = cell(y, bottom - top, size.height);
    line.fill(0);
    for (let row = top + from; row < top + to; row++) {
      const start = (row * stride + left) * 3;
      for (let i = 0; i < line.length; i++) line[i]! += data[start + i]!;
    }
    for (let x = 0; x < size.width; x++) {
      const [first, end] = cell(x, right - left, size.width);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let column = first; column < end; column++) sum += line[column * 3 + channel]!;
        const value = sum / ((to - from) * (end - first));
        out[offset + (y * size.width + x) * 3 + channel] = (value - mean) / scale;
      }
    }
  }
}

/** The input positions that an output position touches. */
function cell(index: number, length: number, count: number): [from: number, to: number] {
  return [Math.floor((index * length) / count), Math.ceil(((index + 1) * length) / count)];
}
