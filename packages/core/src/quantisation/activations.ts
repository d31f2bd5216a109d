import type { InferenceEngine, Tensor } from "../engines/index.js";
import type { WeightsFile } from "../models/index.js";
import type { Network } from "../nets/index.js";
import { observed } from "./observed-network.js";

/** The smallest and the largest number of a map. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What the maps of a network reach, over all that was shown to it. */
export interface Activations {
  /** Of the maps that it would round, by the names that it rounds them under. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** Of each channel of the input of a convolution, by the convolution's name. */
  readonly inputMeans: ReadonlyMap<string, readonly number[]>;
}

/** Shows inputs to a network, and looks at what happens inside it. */
export async function observeActivations(
  engine: InferenceEngine,
  network: Network,
  weights: WeightsFile,
  inputs: Iterable<Tensor>,
  onDone?: (inputs: number) => void,
): Promise<Activations> {
  const { network: transparent, maps } = observed(network);
  const session = await engine.compile(transparent, weights);
  const ranges = new Map<string, Range>();
  const sums = new Map<string, ChannelSums>();
  let done = 0;
  for (const input of inputs) {
    const outputs = await session.run(input);
    for (const { kind, name, output } of maps) {
      const map = outputs[output]!;
      if (kind === "rounded") ranges.set(name, widened(ranges.get(name), map.data));
      else sums.set(name, added(sums.get(name), map));
    }
    done += input.shape[0];
    onDone?.(done);
  }
  await session.close();
  return {
    ranges,
    inputMeans: new Map([...sums].map(([name, { count, total }]) => [name, total.map((t) => t / count)])),
  };
}

function widened(range: Range | undefined, numbers: Float32Array): Range {
  let { min, max } = range ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  for (const number of numbers) {
    if (number < min) min = number;
    if (number > max) max = number;
  }
  return { min, max };
}

interface ChannelSums {
  readonly count: number;
  readonly total: number[];
}

function added(sums: ChannelSums | undefined, { data, shape }: Tensor): ChannelSums {
  const channels = shape[3];
  const total = sums ? [...sums.total] : new Array<number>(channels).fill(0);
  for (let i = 0; i < data.length; i++) total[i % channels]! += data[i]!;
  return { count: (sums?.count ?? 0) + data.length / channels, total };
}
