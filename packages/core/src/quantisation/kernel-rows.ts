import type { WeightsFile } from "../models/index.js";

/** The kernel of a convolution, a row an output channel. */
export interface KernelRows {
  readonly shape: readonly number[];
  readonly rows: readonly Float32Array[];
}

export function kernelRows(weights: Pick<WeightsFile, "tensors" | "read">, layer: string): KernelRows {
  const name = `${layer}/kernel`;
  const kernel = weights.read(name);
  const { shape } = weights.tensors.get(name)!;
  const [channels] = shape as [number, ...number[]];
  const length = kernel.length / channels;
  return { shape, rows: Array.from({ length: channels }, (_, i) => kernel.subarray(i * length, (i + 1) * length)) };
}
