import { basename } from "node:path";
import type { WeightsFile } from "../../models/index.js";
import type { ConvOptions, Network, Ops, PoolOptions } from "../../nets/index.js";
import {
  attribute,
  encodeModel,
  externalLocation,
  floatType,
  type OnnxAttribute,
  type OnnxInitializer,
  type OnnxNode,
} from "./onnx-proto.js";

const opset = 17;
const toPlanar = [0, 3, 1, 2];
const toInterleaved = [0, 2, 3, 1];

/** Where a graph's weights are. A WeightsFile is one. */
export type WeightsSource = Pick<WeightsFile, "path" | "tensors" | "read">;

export interface GraphOptions {
  /** Whether PReLU is written as the convolutions that it equals; else it is the node of that name. */
  readonly preluAsConvolutions: boolean;
}

/**
 * Writes a network as an ONNX model whose weights stay in the weights file, as external data.
 * Input and outputs are NHWC; inside, the graph is NCHW, the layout of ONNX's convolutions.
 */
export function buildOnnxModel(network: Network, weights: WeightsSource, options: GraphOptions): Uint8Array {
  const builder = new OnnxGraphBuilder(weights, options);
  const input = builder.node("Transpose", ["input"], { perm: toPlanar });
  const results = network.build(builder, input);
  for (const name of network.outputs) {
    builder.node("Transpose", [results[name] as string], { perm: toInterleaved }, name);
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
class OnnxGraphBuilder implements Ops<string> {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, OnnxInitializer>();

  constructor(
    private readonly weights: WeightsSource,
    private readonly options: GraphOptions,
  ) {}

  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    output = `${opType}_${this.nodes.length}`,
  ): string {
    const attributeList: OnnxAttribute[] = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    this.nodes.push({ opType, name: output, input, output: [output], attribute: attributeList });
    return output;
  }

  conv(x: string, name: string, { stride = 1, padding = "valid" }: ConvOptions = {}): string {
    const kernel = this.weight(`${name}/kernel`);
    const [, , height, width] = kernel.dims as [number, number, number, number];
    const [top, left] = padding === "same" ? [(height - 1) / 2, (width - 1) / 2] : [0, 0];
    return this.node("Conv", [x, kernel.name, this.weight(`${name}/bias`).name], {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [top, left, top, left],
    });
  }

  relu(x: string): string {
    return this.node("Relu", [x]);
  }

  prelu(x: string, name: string): string {
    const alpha = `${name}/alpha`;
    if (this.options.preluAsConvolutions) return this.preluAsConvolutions(x, alpha);
    // One slope a channel: (C, 1, 1) is broadcast over the positions of an NCHW map.
    const { shape } = this.tensorInfo(alpha);
    return this.node("PRelu", [x, this.weight(alpha, [...shape, 1, 1]).name]);
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
    const rawData = new Uint8Array(factors.buffer, factors.byteOffset, factors.byteLength);
    this.initializers.set(name, { name, dims: [channels, 1, 1, 1], dataType: floatType, rawData });
    return this.node("Conv", [x, name], { kernel_shape: [1, 1], group: channels });
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

  private weight(name: string, dims?: readonly number[]): OnnxInitializer {
    const known = this.initializers.get(name);
    if (known) return known;
    const { shape, byteOffset, byteLength } = this.tensorInfo(name);
    const initializer: OnnxInitializer = {
      name,
      dims: dims ?? shape,
      dataType: floatType,
      dataLocation: externalLocation,
      externalData: [
        { key: "location", value: basename(this.weights.path) },
        { key: "offset", value: String(byteOffset) },
        { key: "length", value: String(byteLength) },
      ],
    };
    this.initializers.set(name, initializer);
    return initializer;
  }

  private tensorInfo(name: string) {
    const info = this.weights.tensors.get(name);
    if (!info) throw new Error(`Expected tensor "${name}" in ${this.weights.path} but there is none`);
    return info;
  }
}
