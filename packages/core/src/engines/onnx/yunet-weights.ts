import { createHash } from "node:crypto";
import { yunetSource } from "../../models/detectors/yunet.js";
import { PackError } from "../../models/pack-error.js";
import type { NamedTensor } from "../../models/safetensors.js";
import { elementCount, float32At, type Tensor } from "../../models/tensor.js";
import { decodeModel } from "./onnx-proto.js";

/** A convolution of the file. */
interface Convolution {
  readonly kernel: Tensor;
  readonly bias: Tensor;
}

/** The units of backbone and neck in the order in which the file computes them: a pointwise convolution, then a depthwise. */
const units = [
  "stage1",
  ...[2, 3, 4, 5, 6].flatMap((stage) => [`stage${stage}a`, `stage${stage}b`]),
  ...["neck32", "neck16", "neck8"],
  ...["head8/shared", "head16/shared", "head32/shared"],
];
const heads = ["head8", "head16", "head32"];
/** The four parts of a head, in the file's order, by their number of channels. */
const partsInFile = ["face", "box", "centre", "landmarks"] as const;
/** The same in the order of the network's output. */
const partsInOutput = ["face", "centre", "box", "landmarks"] as const;

/**
 * YuNet's weights, from the ONNX file that its authors published, under the names that `nets/yunet.ts` gives them. The four
 * parts of a head become one, and the first kernel takes RGB where the file's takes BGR.
 *
 * @throws PackError when it is another file.
 */
export function convertYunet(onnx: Uint8Array): NamedTensor[] {
  const sha256 = createHash("sha256").update(onnx).digest("hex");
  if (sha256 !== yunetSource.sha256) {
    throw new PackError(`Expected sha256 ${yunetSource.sha256} for YuNet's ONNX file but received ${sha256}`);
  }
  const [stem, ...others] = convolutionsOf(onnx) as [Convolution, ...Convolution[]];
  const take = (): Convolution => others.shift()!;
  const tensors = named("stem", { ...stem, kernel: reverseInputs(stem.kernel) });
  for (const unit of units) tensors.push(...named(`${unit}/pointwise`, take()), ...named(`${unit}/depthwise`, take()));
  // The file has a part of all heads after the other.
  const parts = partsInFile.map((part) => [part, heads.map(() => ({ pointwise: take(), depthwise: take() }))] as const);
  for (const [i, head] of heads.entries()) {
    const ofHead = partsInOutput.map((part) => new Map(parts).get(part)![i]!);
    for (const half of ["pointwise", "depthwise"] as const) {
      tensors.push(...named(`${head}/${half}`, joined(ofHead.map((part) => part[half]))));
    }
  }
  return tensors;
}

/** All convolutions, in the order in which the file computes them. */
function convolutionsOf(onnx: Uint8Array): Convolution[] {
  const { nodes, initializers } = decodeModel(onnx);
  const constants = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  const tensorOf = (name: string): Tensor => {
    const constant = constants.get(name);
    if (!constant || !("rawData" in constant)) throw new PackError(`Expected the numbers of ${name} in the ONNX file`);
    return { shape: constant.dims, data: float32At(constant.rawData, 0, elementCount(constant.dims)) };
  };
  return nodes
    .filter(({ opType }) => opType === "Conv")
    .map(({ input: [, kernel, bias] }) => ({ kernel: tensorOf(kernel!), bias: tensorOf(bias!) }));
}

function named(name: string, { kernel, bias }: Convolution): NamedTensor[] {
  return [
    [`yunet/${name}/kernel`, kernel],
    [`yunet/${name}/bias`, bias],
  ];
}

/** Convolutions side by side as one: their output channels one after the other. */
function joined(parts: readonly Convolution[]): Convolution {
  return { kernel: concat(parts.map(({ kernel }) => kernel)), bias: concat(parts.map(({ bias }) => bias)) };
}

function concat(tensors: readonly Tensor[]): Tensor {
  const [, ...inner] = tensors[0]!.shape;
  const channels = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return { shape: [channels, ...inner], data: Float32Array.from(tensors.flatMap(({ data }) => [...data])) };
}

/** Of a kernel OIHW, its input channels from the last to the first. */
function reverseInputs({ shape, data }: Tensor): Tensor {
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const reversed = new Float32Array(data.length);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      const from = (output * inputs + input) * area;
      reversed.set(data.subarray(from, from + area), (output * inputs + inputs - 1 - input) * area);
    }
  }
  return { shape, data: reversed };
}
