import type { NamedTensor, WeightsFile } from "../models/index.js";
import { kernelRows } from "./kernel-rows.js";

/** What the input of a network consists of: whole multiples of `step`, none beyond `max` on either side of 0. */
export interface InputGrid {
  readonly step: number;
  readonly max: number;
}

/** float32 holds whole numbers exactly up to here. */
const largestExact = 2 ** 24;

/**
 * A convolution over the input, in float32 of so few bits that its sums are exact, in whichever order an engine adds:
 * each channel's kernel and bias are multiples of the smallest power of two that allows it.
 */
export function exactLayer(
  weights: Pick<WeightsFile, "tensors" | "read">,
  name: string,
  grid: InputGrid,
): NamedTensor[] {
  const { shape, rows } = kernelRows(weights, name);
  const bias = weights.read(`${name}/bias`);
  const units = rows.map((row, channel) => exactUnit(row, bias[channel]!, grid));
  const kernel = rows.flatMap((row, channel) => [...row].map((weight) => toMultiple(weight, units[channel]!)));
  return [
    [`${name}/kernel`, { shape, data: Float32Array.from(kernel) }],
    [
      `${name}/bias`,
      { shape: [bias.length], data: bias.map((value, channel) => toMultiple(value, units[channel]! * grid.step)) },
    ],
  ];
}

function exactUnit(row: Float32Array, bias: number, { step, max }: InputGrid): number {
  const steps = max / step;
  const largestSum = row.reduce((sum, weight) => sum + Math.abs(weight) * steps, Math.abs(bias) / step);
  // What rounding may add: half a unit to each weight, and to the bias.
  const slack = (row.length * steps + 1) / 2;
  return 2 ** Math.ceil(Math.log2(largestSum / (largestExact - slack)));
}

function toMultiple(value: number, unit: number): number {
  return Math.round(value / unit) * unit;
}
