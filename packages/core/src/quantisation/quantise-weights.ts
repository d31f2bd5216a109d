import type { Quantisation } from "../engines/index.js";
import type { NamedTensor, WeightsFile } from "../models/index.js";
import type { Network } from "../nets/index.js";
import type { Activations, Range } from "./activations.js";
import { exactLayer, type InputGrid } from "./exact-layer.js";
import { type PlannedConvolution, quantisationPlan } from "./quantisation-plan.js";
import { quantisedLayer } from "./quantised-layer.js";
import { stableSum } from "./stable-sum.js";

/**
 * The tensors of a network in 8 bits (Jacob et al. 2018, arXiv:1712.05877): the quantisation of each range; of each
 * convolution over a rounded map the integers, of each over the input an exact float32 layer, and of the others their
 * own weights. So nothing before the last rounding depends on how an engine adds, and all come to the same integers.
 */
export function quantiseWeights(
  network: Network,
  weights: Pick<WeightsFile, "tensors" | "tensor" | "read">,
  { ranges, inputMeans }: Activations,
  grid: InputGrid,
): NamedTensor[] {
  const { convolutions, additions } = quantisationPlan(network);
  const quantisations = new Map([...ranges].map(([name, range]) => [name, quantisationOf(range)]));
  for (const { a, b, sum } of additions) {
    quantisations.set(sum, stableSum(quantisations.get(a)!, quantisations.get(b)!, quantisations.get(sum)!));
  }
  const layer = ({ name, over }: PlannedConvolution): NamedTensor[] => {
    if (over.kind === "input") return exactLayer(weights, name, grid);
    if (over.kind === "rounded") {
      const { scale } = quantisations.get(over.name)!;
      return quantisedLayer(weights, name, { scale, means: inputMeans.get(name)! });
    }
    return ["kernel", "bias"].map((part) => [`${name}/${part}`, weights.tensor(`${name}/${part}`)]);
  };
  const tensors = [...quantisations].map(([name, { scale, zeroPoint }]): NamedTensor => {
    return [`${name}/quantisation`, { shape: [2], data: Float32Array.of(scale, zeroPoint) }];
  });
  return [...tensors, ...convolutions.flatMap(layer)];
}

/** 0 is one of the 256 numbers, so that padding is exact; where nothing is negative it is the first. */
function quantisationOf(range: Range): Quantisation {
  const min = Math.min(0, range.min);
  const scale = Math.fround((Math.max(0, range.max) - min) / 255);
  return { scale, zeroPoint: Math.round(Math.abs(min) / scale) };
}
