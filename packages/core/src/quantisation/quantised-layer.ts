import type { NamedTensor, WeightsFile } from "../models/index.js";
import { kernelRows } from "./kernel-rows.js";

export interface LayerInput {
  readonly scale: number;
  /** Of each channel. */
  readonly means: readonly number[];
}

/**
 * A convolution over a rounded map: its kernel as int8, symmetric, one scale an output channel; its bias as int32, in
 * units of the sums, which are `input.scale * scale`. The bias makes up for what the rounding of the kernel adds to the
 * mean of the output (Nagel et al. 2019, arXiv:1906.04721, section 4.2).
 */
export function quantisedLayer(
  weights: Pick<WeightsFile, "tensors" | "read">,
  name: string,
  input: LayerInput,
): NamedTensor[] {
  const { shape, rows } = kernelRows(weights, name);
  // A row of zeros needs some scale, too.
  const scales = Float32Array.from(rows, (row) => largest(row) / 127 || 1);
  const kernel = rows.map((row, channel) => new Int8Array(row.map((weight) => Math.round(weight / scales[channel]!))));
  const bias = Int32Array.from(weights.read(`${name}/bias`), (value, channel) => {
    const shift = meanShift(rows[channel]!, kernel[channel]!, scales[channel]!, input.means);
    return Math.round((value - shift) / Math.fround(input.scale * scales[channel]!));
  });
  return [
    [`${name}/kernel`, { shape, data: joined(kernel) }],
    [`${name}/scale`, { shape: [scales.length], data: scales }],
    [`${name}/bias`, { shape: [bias.length], data: bias }],
  ];
}

/** Rows of one length, one after the other. */
function joined(rows: readonly Int8Array[]): Int8Array<ArrayBuffer> {
  const all = new Int8Array(rows.length * (rows[0]?.length ?? 0));
  for (const [index, row] of rows.entries()) all.set(row, index * row.length);
  return all;
}

/** What the rounded row gives more than the row itself, on the mean input. */
function meanShift(row: Float32Array, rounded: Int8Array, scale: number, means: readonly number[]): number {
  const positions = row.length / means.length;
  let shift = 0;
  for (let i = 0; i < row.length; i++) shift += (rounded[i]! * scale - row[i]!) * means[Math.floor(i / positions)]!;
  return shift;
}

function largest(row: Float32Array): number {
  return row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
}
