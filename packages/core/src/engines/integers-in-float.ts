import type { WeightsFile } from "../models/index.js";
import type { ConvOptions, Layers, PoolOptions } from "../nets/index.js";
import type { Addend, Quantisation, QuantisedLayers } from "./quantised-ops.js";

/** Arithmetic on each number of a map, in float32. */
export interface FloatArithmetic<T> extends Layers<T> {
  /** By one factor, or by one a channel. */
  multiply(x: T, factors: Float32Array): T;
  divide(x: T, divisor: number): T;
  addNumber(x: T, summand: number): T;
  /** To the nearest whole number, half to even. */
  round(x: T): T;
  clip(x: T, from: number, to: number): T;
}

/**
 * The integers of quantised layers kept as float32 numbers, for engines without integer kernels, or with wrong ones.
 * Sums of products are whole numbers, which float32 holds exactly up to 2^24, whatever their order.
 */
export class IntegersInFloat<T> implements QuantisedLayers<T> {
  private readonly kernelScales = new Map<string, Float32Array>();

  constructor(
    private readonly weights: Pick<WeightsFile, "read">,
    private readonly layers: FloatArithmetic<T>,
  ) {}

  quantise(x: T, { scale, zeroPoint }: Quantisation): T {
    return this.toByte(this.layers.divide(x, scale), zeroPoint);
  }

  dequantise(x: T, { scale, zeroPoint }: Quantisation): T {
    return this.layers.multiply(this.plus(x, -zeroPoint), Float32Array.of(scale));
  }

  conv(x: T, name: string, options: ConvOptions, input: Quantisation, output: Quantisation): T {
    const factors = this.scalesOf(name).map((scale) => rescale(input.scale * scale, output.scale));
    return this.toByte(this.layers.multiply(this.layers.conv(x, name, options), factors), output.zeroPoint);
  }

  add(a: Addend<T>, b: Addend<T>, output: Quantisation): T {
    const [ofA, ofB] = [a, b].map(({ quantisation }) => rescale(quantisation.scale, output.scale)) as [number, number];
    const constant = output.zeroPoint - (ofA * a.quantisation.zeroPoint + ofB * b.quantisation.zeroPoint);
    const first = this.plus(this.layers.multiply(a.map, Float32Array.of(ofA)), constant);
    return this.toByte(this.layers.add(first, this.layers.multiply(b.map, Float32Array.of(ofB))), 0);
  }

  concat(xs: readonly T[]): T {
    return this.layers.concat(xs);
  }

  maxPool(x: T, options: PoolOptions): T {
    return this.layers.maxPool(x, options);
  }

  private scalesOf(name: string): Float32Array {
    const scales = this.kernelScales.get(name) ?? this.weights.read(`${name}/scale`);
    this.kernelScales.set(name, scales);
    return scales;
  }

  private toByte(x: T, zeroPoint: number): T {
    return this.layers.clip(this.plus(this.layers.round(x), zeroPoint), 0, 255);
  }

  private plus(x: T, summand: number): T {
    return summand === 0 ? x : this.layers.addNumber(x, summand);
  }
}

/** The quotient of two scales in float32. */
function rescale(from: number, to: number): number {
  return Math.fround(Math.fround(from) / to);
}
