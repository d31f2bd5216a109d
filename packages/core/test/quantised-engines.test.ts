import type { Arithmetic, EngineName } from "@facefleet/core";
import { describe, expect, it } from "vitest";
import type { NamedTensor } from "../src/models/index.js";
import type { Network, Ops } from "../src/nets/index.js";
import { observed } from "../src/quantisation/observed-network.js";
import { quantiseWeights } from "../src/quantisation/quantise-weights.js";
import { presentEngines, startEngine } from "./pipeline-under-test.js";
import { weightsOf } from "./weights-of.js";

const same = { padding: "same" } as const;
const pool = { size: 3, stride: 2 } as const;

function unit<T>(ops: Ops<T>, x: T, name: string, rounding = name): T {
  return ops.quantise(ops.relu(ops.conv(x, name, name.endsWith("3x3") ? same : {})), rounding);
}

/** Every layer that a quantised network has, in a few thousand numbers. */
const network: Network<"out"> = {
  name: "every-layer",
  inputSize: 17,
  outputs: ["out"],
  build(ops, input) {
    let x = ops.quantise(ops.relu(ops.conv(input, "first", { stride: 2 })), "first");
    const joined = ops.concat([unit(ops, x, "left_3x3", "joined"), unit(ops, x, "right_1x1", "joined")]);
    const residual = ops.quantise(ops.conv(joined, "project"), "project");
    x = ops.quantise(ops.relu(ops.add(x, residual)), "sum");
    x = ops.concat([unit(ops, ops.maxPool(x, pool), "pooled_1x1", "end"), ops.quantise(ops.maxPool(x, pool), "end")]);
    return { out: ops.conv(ops.globalAveragePool(x), "last") };
  },
};

const channels: Record<string, readonly [out: number, inputs: number, side: number]> = {
  first: [8, 3, 3],
  left_3x3: [8, 8, 3],
  right_1x1: [16, 8, 1],
  project: [8, 24, 1],
  pooled_1x1: [8, 8, 1],
  last: [12, 16, 1],
};

/** Ranges that the numbers overstep, so that both ends are met. */
const ranges = new Map([
  ["first", { min: 0, max: 2.1 }],
  ["joined", { min: 0, max: 1.7 }],
  ["project", { min: -1.9, max: 1.6 }],
  ["sum", { min: 0, max: 2.9 }],
  ["end", { min: 0, max: 2.2 }],
]);
const inputMeans = new Map(Object.entries(channels).map(([name, [, inputs]]) => [name, new Array(inputs).fill(0.3)]));

function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (2 * state) / 2 ** 31 - 1;
  });
}

const floats = Object.entries(channels).flatMap(([name, [out, inputs, side]], i): NamedTensor[] => [
  [`${name}/kernel`, { shape: [out, inputs, side, side], data: noise(out * inputs * side * side, i + 1) }],
  [`${name}/bias`, { shape: [out], data: noise(out, i + 100) }],
]);

const batch = 3;
const input = {
  data: noise(batch * 17 * 17 * 3, 5).map((value) => (2 * Math.round((value + 1) * 127.5) - 255) / 256),
  shape: [batch, 17, 17, 3],
} as const;

async function run(engineName: EngineName, arithmetic: Arithmetic) {
  const { network: withMaps, maps } = observed(network);
  const roundedMaps = maps.filter(({ kind }) => kind === "rounded");
  const weights = await weightsOf(
    quantiseWeights(network, await weightsOf(floats), { ranges, inputMeans }, { step: 1 / 256, max: 255 / 256 }),
  );
  const engine = await startEngine(engineName);
  const [inside, whole] = [
    await engine.compile(withMaps, weights, arithmetic),
    await engine.compile(network, weights, arithmetic),
  ];
  const outputs = await inside.run(input);
  const { out } = await whole.run(input);
  await Promise.all([inside.close(), whole.close()]);
  const rounded = roundedMaps.map(({ output, name }) => {
    const [scale, zeroPoint] = weights.read(`${name}/quantisation`) as unknown as [number, number];
    return Array.from(outputs[output]!.data, (value) => Math.round(value / scale + zeroPoint));
  });
  return { rounded, out: out.data };
}

/** Kernels of 8 bits that do not overflow on this processor are found by the check of a pack, not here. */
const ways = presentEngines.flatMap((name): { name: EngineName; arithmetic: Arithmetic }[] => [
  ...(name === "onnx-cpu" ? [{ name, arithmetic: "int8-widened" } as const] : []),
  { name, arithmetic: "float32" },
]);

describe("quantised layers", () => {
  it.each(ways)("give the same integers: $name by $arithmetic", async ({ name, arithmetic }) => {
    const expected = await run("tfjs-wasm", "float32");
    const actual = await run(name, arithmetic);
    expect(actual.rounded).toEqual(expected.rounded);
    for (const [i, value] of expected.out.entries()) expect(actual.out[i]).toBeCloseTo(value, 5);
    // Both ends of the range, and most of what lies between.
    const met = new Set(expected.rounded.flat());
    expect(met.has(0) && met.has(255)).toBe(true);
    expect(met.size).toBeGreaterThan(200);
  });
});
