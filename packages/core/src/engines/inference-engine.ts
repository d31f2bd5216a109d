import type { WeightsFile } from "../models/index.js";
import type { Network } from "../nets/index.js";
import type { EngineName } from "./engine-names.js";

/**
 * A dense float32 array. Images and feature maps are NHWC; a network that leaves one position an image
 * answers (N, 1, 1, C).
 */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
}

/** The channels of one position, counted over the whole batch. */
export function rowOf({ data, shape }: Tensor, row: number): Float32Array {
  const channels = shape[3];
  return data.subarray(row * channels, (row + 1) * channels);
}

/**
 * What computes the integers of a quantised network, to the same result: kernels for 8 bits; those that widen them to 16
 * before they are multiplied, where the former overflow; or float32.
 */
export type Arithmetic = "int8" | "int8-widened" | "float32";

/** A network with its weights, ready to run on the engine's device. */
export interface Session<Output extends string = string> {
  /**
   * Memory for the input of a run, so that a run needs no new one: `length` numbers, of any value. The next call gives the
   * same again, which must have been used by then.
   */
  input(length: number): Float32Array;
  /** Rejects with the engine's own error; after one, the session can be used again. */
  run(input: Tensor): Promise<Record<Output, Tensor>>;
  close(): Promise<void>;
}

/** The seam between the face pipeline and the libraries that compute. */
export interface InferenceEngine {
  readonly name: EngineName;
  /** The device that the engine really got, not the one asked for. */
  readonly device: string;
  /** What it can compute quantised networks by, fastest first. */
  readonly arithmetics: readonly Arithmetic[];
  /** @param arithmetic one of its own, for a quantised network; float32 unless told. */
  compile<Output extends string>(
    network: Network<Output>,
    weights: WeightsFile,
    arithmetic?: Arithmetic,
  ): Promise<Session<Output>>;
  /** Whether an error of `run` means that the batch was too large for the device. */
  isOutOfMemory(error: unknown): boolean;
  /** Tensors that are alive now, where the engine counts them. */
  tensorCount(): number | undefined;
  /** Their bytes, on the engine's device; what its library takes besides is not in them. */
  tensorBytes(): number | undefined;
}

export interface EngineOptions {
  /** Whether networks run layer by layer as they are written, without what an engine rewrites to be faster. */
  readonly asWritten?: boolean;
  /** Threads for one run on a CPU; 0 lets the engine choose. */
  readonly threads?: number;
  /** Folder whose `node_modules` has `@tensorflow/tfjs-node` or `-gpu`, when they are not installed beside this package. */
  readonly tfjsNodeDir?: string;
}
