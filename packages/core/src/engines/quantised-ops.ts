import type { WeightsFile } from "../models/index.js";
import type { ConvOptions, Layers, Ops, PoolOptions } from "../nets/index.js";

/** What an integer q from 0 to 255 stands for: `scale * (q - zeroPoint)`. */
export interface Quantisation {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Layers over quantised maps. Whatever computes them, the integers that they give are the same: sums are exact, the
 * factor that brings them to the output's scale is `inputScale * kernelScale / outputScale` in float32, rounding is to
 * the nearest, half to even, and what is outside 0 to 255 becomes the nearer of the two.
 */
export interface QuantisedLayers<T> {
  quantise(x: T, output: Quantisation): T;
  dequantise(x: T, input: Quantisation): T;
  /** The input's zero point is 0. Kernel and bias are integers, one `<name>/scale` of the kernel an output channel. */
  conv(x: T, name: string, options: ConvOptions, input: Quantisation, output: Quantisation): T;
  add(a: Addend<T>, b: Addend<T>, output: Quantisation): T;
  /** Of maps of one quantisation, which the answer has too. */
  concat(xs: readonly T[]): T;
  maxPool(x: T, options: PoolOptions): T;
}

export interface Addend<T> {
  readonly map: T;
  readonly quantisation: Quantisation;
}

/**
 * A map between layers: of real numbers; of integers; or not yet rounded, when what it will be rounded to is still to
 * be said. A rectified one is rounded to a zero point of 0, which is what cuts off its negative half.
 */
export type QuantisedMap<T> =
  | { readonly kind: "real"; readonly map: T }
  | ({ readonly kind: "integer" } & Addend<T>)
  | { readonly kind: "unrounded"; readonly rectified: boolean; readonly round: (output: Quantisation) => T };

type Weights = Pick<WeightsFile, "path" | "tensors" | "read">;

/** Runs a network on an engine's layers: what the weights have a quantisation for in integers, the rest in real numbers. */
export class QuantisedOps<T> implements Ops<QuantisedMap<T>> {
  private readonly quantisations = new Map<string, Quantisation | undefined>();

  constructor(
    private readonly weights: Weights,
    private readonly reals: Layers<T>,
    private readonly integers: QuantisedLayers<T>,
  ) {}

  /** The network's input. */
  input(map: T): QuantisedMap<T> {
    return real(map);
  }

  conv(x: QuantisedMap<T>, name: string, options: ConvOptions = {}): QuantisedMap<T> {
    if (x.kind !== "integer") return real(this.reals.conv(this.real(x), name, options));
    if (x.quantisation.zeroPoint !== 0) {
      throw new Error(`Expected 0 as the zero point of the input of ${name} but received ${x.quantisation.zeroPoint}`);
    }
    const round = (output: Quantisation) => this.integers.conv(x.map, name, options, x.quantisation, output);
    return { kind: "unrounded", rectified: false, round };
  }

  relu(x: QuantisedMap<T>): QuantisedMap<T> {
    return x.kind === "unrounded" ? { ...x, rectified: true } : real(this.reals.relu(this.real(x)));
  }

  prelu(x: QuantisedMap<T>, name: string): QuantisedMap<T> {
    return real(this.reals.prelu(this.real(x), name));
  }

  maxPool(x: QuantisedMap<T>, options: PoolOptions): QuantisedMap<T> {
    if (x.kind === "integer") return { ...x, map: this.integers.maxPool(x.map, options) };
    return real(this.reals.maxPool(this.real(x), options));
  }

  concat(xs: readonly QuantisedMap<T>[]): QuantisedMap<T> {
    const [first] = xs;
    if (first?.kind !== "integer") return real(this.reals.concat(xs.map((x) => this.real(x))));
    const maps = xs.map((x) => {
      if (x.kind === "integer" && isSame(x.quantisation, first.quantisation)) return x.map;
      throw new Error("Expected maps of one quantisation to be joined but they have several");
    });
    return { ...first, map: this.integers.concat(maps) };
  }

  add(a: QuantisedMap<T>, b: QuantisedMap<T>): QuantisedMap<T> {
    if (a.kind !== "integer" || b.kind !== "integer") return real(this.reals.add(this.real(a), this.real(b)));
    return { kind: "unrounded", rectified: false, round: (output) => this.integers.add(a, b, output) };
  }

  globalAveragePool(x: QuantisedMap<T>): QuantisedMap<T> {
    return real(this.reals.globalAveragePool(this.real(x)));
  }

  enlarge(x: QuantisedMap<T>): QuantisedMap<T> {
    return real(this.reals.enlarge(this.real(x)));
  }

  quantise(x: QuantisedMap<T>, name: string): QuantisedMap<T> {
    const quantisation = this.quantisation(name);
    if (quantisation === undefined) return x;
    if (x.kind !== "unrounded") return integer(this.integers.quantise(this.real(x), quantisation), quantisation);
    if (x.rectified && quantisation.zeroPoint !== 0) {
      throw new Error(`Expected 0 as the zero point of ${name}, which is rectified, but received another`);
    }
    return integer(x.round(quantisation), quantisation);
  }

  /** The map as real numbers, for a layer that is not quantised, or as an output. */
  real(x: QuantisedMap<T>): T {
    if (x.kind === "real") return x.map;
    if (x.kind === "integer") return this.integers.dequantise(x.map, x.quantisation);
    throw new Error("Expected a map that is rounded after its layer but nothing says to what");
  }

  private quantisation(name: string): Quantisation | undefined {
    if (!this.quantisations.has(name)) this.quantisations.set(name, readQuantisation(this.weights, name));
    return this.quantisations.get(name);
  }
}

function readQuantisation(weights: Weights, name: string): Quantisation | undefined {
  const tensor = `${name}/quantisation`;
  if (!weights.tensors.has(tensor)) return undefined;
  const [scale, zeroPoint] = weights.read(tensor) as unknown as [number, number];
  return { scale, zeroPoint };
}

function real<T>(map: T): QuantisedMap<T> {
  return { kind: "real", map };
}

function integer<T>(map: T, quantisation: Quantisation): QuantisedMap<T> {
  return { kind: "integer", map, quantisation };
}

function isSame(a: Quantisation, b: Quantisation): boolean {
  return a.scale === b.scale && a.zeroPoint === b.zeroPoint;
}
