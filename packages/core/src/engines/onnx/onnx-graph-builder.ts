import { basename } from "node:path";
import type { WeightsFile } from "../../models/index.js";
import type { ConvOptions, Network, PoolOptions } from "../../nets/index.js";
import type { Arithmetic } from "../inference-engine.js";
import { type FloatArithmetic, IntegersInFloat } from "../integers-in-float.js";
import { QuantisedOps } from "../quantised-ops.js";
import { OnnxIntegers } from "./onnx-integers.js";
import {
  type AttributeValue,
  attribute,
  dataTypes,
  encodeModel,
  externalLocation,
  type OnnxAttribute,
  type OnnxInitializer,
  type OnnxNode,
  runtimeDomain,
} from "./onnx-proto.js";

const opset = 17;
const toPlanar = [0, 3, 1, 2];
const toInterleaved = [0, 2, 3, 1];

/** Where a graph's weights are. A WeightsFile is one. */
export type WeightsSource = Pick<WeightsFile, "path" | "tensors" | "read">;

export interface GraphOptions {
  /** Whether PReLU is written as the convolutions that it equals; else it is the node of that name. */
  readonly preluAsConvolutions: boolean;
  /** What the integers of a quantised network are computed by. */
  readonly arithmetic: Arithmetic;
}

/**
 * Writes a network as an ONNX model whose weights stay in the weights file, as external data.
 * Input and outputs are NHWC; inside, the graph is NCHW, the layout of ONNX's convolutions.
 */
export function buildOnnxModel(network: Network, weights: WeightsSource, options: GraphOptions): Uint8Array {
  const builder = new OnnxGraphBuilder(weights, options);
  const integers = options.arithmetic === "float32" ? new IntegersInFloat(weights, builder) : new OnnxIntegers(builder);
  const ops = new QuantisedOps(weights, builder, integers);
  const input = builder.node("Transpose", ["input"], { perm: toPlanar });
  const results = network.build(ops, ops.input(input));
  for (const name of network.outputs) {
    builder.node("Transpose", [ops.real(results[name]!)], { perm: toInterleaved }, name);
  }
  const side = network.inputSize;
  return encodeModel(
    {
      name: network.name,
      nodes: builder.nodes,
      initializers: [...builder.initializers.values()],
      inputs: [{ name: "input", dims: ["batch", side ?? "height", side ?? "width", 3] }],
      outputs: network.outputs.map((name) => ({ name, dims: ["batch", `${name}_h`, `${name}_w`, `${name}_c`] })),
    },
    opset,
  );
}

/** Collects the nodes of a graph; a value is the name of the node output that carries it. */
export class OnnxGraphBuilder implements FloatArithmetic<string> {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, OnnxInitializer>();

  constructor(
    private readonly weights: WeightsSource,
    private readonly options: GraphOptions,
  ) {}

  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = `${opType}_${this.nodes.length}`,
  ): string {
    const attributeList: OnnxAttribute[] = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    // Integers of several quantisations can be added by an operator of ONNX Runtime's alone.
    const domain = opType === "QLinearAdd" ? runtimeDomain : "";
    this.nodes.push({ opType, domain, name: output, input, output: [output], attribute: attributeList });
    return output;
  }

  conv(x: string, name: string, options: ConvOptions = {}): string {
    const weights = [this.asFloat(`${name}/kernel`), this.asFloat(`${name}/bias`)];
    return this.node("Conv", [x, ...weights], this.window(name, options));
  }

  /** What every kind of convolution says of its kernel. */
  window(name: string, { stride = 1, padding = "valid", depthwise = false }: ConvOptions) {
    const [outputs, , height, width] = this.tensorInfo(`${name}/kernel`).shape as [number, number, number, number];
    const [top, left] = padding === "same" ? [(height - 1) / 2, (width - 1) / 2] : [0, 0];
    return {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [top, left, top, left],
      ...(depthwise && { group: outputs }),
    };
  }

  relu(x: string): string {
    return this.node("Relu", [x]);
  }

  prelu(x: string, name: string): string {
    const alpha = `${name}/alpha`;
    if (this.options.preluAsConvolutions) return this.preluAsConvolutions(x, alpha);
    // One slope a channel: (C, 1, 1) is broadcast over the positions of an NCHW map.
    const { shape } = this.tensorInfo(alpha);
    return this.node("PRelu", [x, this.weight(alpha, [...shape, 1, 1])]);
  }

  /**
   * x + s * relu(-|a - 1| * x), with s = 1 for slopes a up to 1 and -1 for those above: the same function.
   * On a CPU, ONNX Runtime keeps maps in blocks of channels, which its convolutions and additions read. Its PRelu does
   * not: the map is put in order before and into blocks after, and in between one thread takes value by value.
   */
  private preluAsConvolutions(x: string, alpha: string): string {
    const slopes = this.weights.read(alpha);
    const bend = this.relu(
      this.scaleChannels(
        x,
        `${alpha}/bend`,
        slopes.map((slope) => -Math.abs(slope - 1)),
      ),
    );
    if (slopes.every((slope) => slope <= 1)) return this.add(x, bend);
    const signs = slopes.map((slope) => (slope <= 1 ? 1 : -1));
    return this.add(x, this.scaleChannels(bend, `${alpha}/sign`, signs));
  }

  /** A convolution of one position and one group a channel. */
  private scaleChannels(x: string, name: string, factors: Float32Array): string {
    const channels = factors.length;
    const kernel = this.constant(factors, [channels, 1, 1, 1], name);
    return this.node("Conv", [x, kernel], { kernel_shape: [1, 1], group: channels });
  }

  maxPool(x: string, { size, stride, ceil = false }: PoolOptions): string {
    return this.node("MaxPool", [x], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      ceil_mode: ceil ? 1 : 0,
    });
  }

  concat(xs: readonly string[]): string {
    return this.node("Concat", xs, { axis: 1 });
  }

  add(a: string, b: string): string {
    return this.node("Add", [a, b]);
  }

  globalAveragePool(x: string): string {
    return this.node("GlobalAveragePool", [x]);
  }

  enlarge(x: string): string {
    // Of the ways to say the same, this is the one that ONNX Runtime has a fast kernel for.
    const nearest = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
    return this.node("Resize", [x, "", this.constant(Float32Array.of(1, 1, 2, 2), [4])], nearest);
  }

  multiply(x: string, factors: Float32Array): string {
    // One factor a channel: (C, 1, 1) is broadcast over the positions of an NCHW map.
    return this.node("Mul", [x, this.constant(factors, factors.length === 1 ? [] : [factors.length, 1, 1])]);
  }

  divide(x: string, divisor: number): string {
    return this.node("Div", [x, this.constant(Float32Array.of(divisor))]);
  }

  addNumber(x: string, summand: number): string {
    return this.node("Add", [x, this.constant(Float32Array.of(summand))]);
  }

  round(x: string): string {
    return this.node("Round", [x]);
  }

  clip(x: string, from: number, to: number): string {
    return this.node("Clip", [x, this.constant(Float32Array.of(from)), this.constant(Float32Array.of(to))]);
  }

  /** Numbers that are no tensor of the weights; one number unless told. */
  constant(
    data: Float32Array | Uint8Array | Int8Array,
    dims: readonly number[] = [],
    name = `constant_${this.initializers.size}`,
  ): string {
    const type = data instanceof Float32Array ? "F32" : data instanceof Uint8Array ? "U8" : "I8";
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.set(name, { name, dims, dataType: dataTypes[type], rawData });
    return name;
  }

  /** A tensor of the weights, which stays in their file. */
  weight(name: string, dims?: readonly number[]): string {
    if (this.initializers.has(name)) return name;
    const { dtype, shape, byteOffset, byteLength } = this.tensorInfo(name);
    this.initializers.set(name, {
      name,
      dims: dims ?? shape,
      dataType: dataTypes[dtype],
      dataLocation: externalLocation,
      externalData: [
        { key: "location", value: basename(this.weights.path) },
        { key: "offset", value: String(byteOffset) },
        { key: "length", value: String(byteLength) },
      ],
    });
    return name;
  }

  /** ONNX Runtime does the cast once, when it opens the model. */
  private asFloat(name: string): string {
    const weight = this.weight(name);
    return this.tensorInfo(name).dtype === "F32" ? weight : this.node("Cast", [weight], { to: dataTypes.F32 });
  }

  outputChannels(name: string): number {
    return this.tensorInfo(`${name}/kernel`).shape[0]!;
  }

  private tensorInfo(name: string) {
    const info = this.weights.tensors.get(name);
    if (!info) throw new Error(`Expected tensor "${name}" in ${this.weights.path} but there is none`);
    return info;
  }
}
