/**
 * The layers that an engine computes. `T` is whatever an engine passes between layers: a graph
 * value, an eager tensor. Every value is a batch of feature maps; how its axes are laid out is the
 * engine's affair.
 *
 * A layer's weights are found by its name: `<name>/kernel` (OIHW) and `<name>/bias` for convolutions,
 * `<name>/alpha` for PReLU.
 */
export interface Layers<T> {
  conv(x: T, name: string, options?: ConvOptions): T;
  relu(x: T): T;
  /** max(0, x) + alpha * min(0, x), one alpha a channel. */
  prelu(x: T, name: string): T;
  maxPool(x: T, options: PoolOptions): T;
  /** Joins maps along their channels. */
  concat(xs: readonly T[]): T;
  add(a: T, b: T): T;
  /** The mean of each map: one position is left. */
  globalAveragePool(x: T): T;
  /** Twice as wide and as high: each position becomes four. */
  enlarge(x: T): T;
}

/** The vocabulary that networks are written in: layers, and where a quantised pack rounds what lies between them. */
export interface Ops<T> extends Layers<T> {
  /**
   * Rounds the map to 8 bits, by the scale and the zero point that the pack has under `<name>/quantisation`; where it
   * has none, the map stays as it is. Maps that are joined are rounded alike.
   */
  quantise(x: T, name: string): T;
}

export interface ConvOptions {
  /** 1 unless told. */
  readonly stride?: number;
  /** `valid` unless told: no padding. `same`: half a kernel of zeros all around, so that stride 1 keeps every position. */
  readonly padding?: "valid" | "same";
  /** Whether each channel has a kernel of its own and sees no other: kernels are (channels, 1, height, width). */
  readonly depthwise?: boolean;
}

export interface PoolOptions {
  readonly size: number;
  readonly stride: number;
  /** Whether a last window that reaches past the edge counts (Caffe's pooling). */
  readonly ceil?: boolean;
}

/** A network: one function over `Ops`, written once for every engine. */
export interface Network<Output extends string = string> {
  readonly name: string;
  /** Side of the square RGB input in pixels, or undefined when any size is taken. */
  readonly inputSize: number | undefined;
  /** Names of the outputs, in the order of the engine's answer. */
  readonly outputs: readonly Output[];
  build<T>(ops: Ops<T>, input: T): Record<Output, T>;
}
