import type { ConvOptions, PoolOptions } from "../../nets/index.js";
import type { Addend, Quantisation, QuantisedLayers } from "../quantised-ops.js";
import type { OnnxGraphBuilder } from "./onnx-graph-builder.js";

/** Quantised layers as the operators for which ONNX Runtime has integer kernels on a CPU. */
export class OnnxIntegers implements QuantisedLayers<string> {
  constructor(private readonly graph: OnnxGraphBuilder) {}

  quantise(x: string, output: Quantisation): string {
    return this.graph.node("QuantizeLinear", [x, ...this.constants(output)]);
  }

  dequantise(x: string, input: Quantisation): string {
    return this.graph.node("DequantizeLinear", [x, ...this.constants(input)]);
  }

  conv(x: string, name: string, options: ConvOptions, input: Quantisation, output: Quantisation): string {
    const { graph } = this;
    const kernel = [
      graph.weight(`${name}/kernel`),
      graph.weight(`${name}/scale`),
      graph.constant(new Int8Array(graph.outputChannels(name)), [graph.outputChannels(name)]),
    ];
    const inputs = [x, ...this.constants(input), ...kernel, ...this.constants(output), graph.weight(`${name}/bias`)];
    return graph.node("QLinearConv", inputs, graph.window(name, options));
  }

  add(a: Addend<string>, b: Addend<string>, output: Quantisation): string {
    const addends = [a, b].flatMap(({ map, quantisation }) => [map, ...this.constants(quantisation)]);
    return this.graph.node("QLinearAdd", [...addends, ...this.constants(output)]);
  }

  concat(xs: readonly string[]): string {
    return this.graph.concat(xs);
  }

  maxPool(x: string, options: PoolOptions): string {
    return this.graph.maxPool(x, options);
  }

  private constants({ scale, zeroPoint }: Quantisation): [scale: string, zeroPoint: string] {
    return [this.graph.constant(Float32Array.of(scale)), this.graph.constant(Uint8Array.of(zeroPoint))];
  }
}
