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

/** Where a graph's weights are. A WeightsFile is one; a network without weights needs less. */
export type WeightsLocation = Pick<WeightsFile, "path" | "tensors">;

/**
 * Writes a network as an ONNX model whose weights stay in the weights file, as external data.
 * Input and outputs are NHWC; inside, the graph is NCHW, the layout of ONNX's convolutions.
 */
export function buildOnnxModel(network: Network, weights: WeightsLocation): Uint8Array {
  const builder = new OnnxGraphBuilder(weights);
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

  constructor(private readonly weights: WeightsLocation) {}

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
    // One slope a channel: (C, 1, 1) is broadcast over the positions of an NCHW map.
    const { shape } = this.tensorInfo(`${name}/alpha`);
    return this.node("PRelu", [x, this.weight(`${name}/alpha`, [...shape, 1, 1]).name]);
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

  softmax(x: string): string {
    return this.node("Softmax", [x], { axis: 1 });
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
