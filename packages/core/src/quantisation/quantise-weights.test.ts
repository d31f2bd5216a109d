import { expect, it } from "vitest";
import { weightsOf } from "../../test/weights-of.js";
import type { Network } from "../nets/index.js";
import { quantisationPlan } from "./quantisation-plan.js";
import { quantiseWeights } from "./quantise-weights.js";

/** An input layer, a quantised one, a residual sum, and an output over what is real again. */
const network: Network<"out"> = {
  name: "tiny",
  inputSize: 4,
  outputs: ["out"],
  build(ops, input) {
    const x = ops.quantise(ops.relu(ops.conv(input, "first")), "first");
    const y = ops.quantise(ops.conv(x, "second"), "second");
    const sum = ops.quantise(ops.relu(ops.add(x, y)), "sum");
    return { out: ops.conv(ops.globalAveragePool(ops.maxPool(sum, { size: 2, stride: 2 })), "last") };
  },
};

const grid = { step: 1 / 256, max: 255 / 256 };
const activations = {
  ranges: new Map([
    ["first", { min: 0, max: 5.1 }],
    ["second", { min: -2.55, max: 2.55 }],
    ["sum", { min: 0, max: 10.2 }],
  ]),
  inputMeans: new Map([["second", [0.4, 0.8]]]),
};

it("sees in a network what is computed in integers", () => {
  expect(quantisationPlan(network)).toEqual({
    convolutions: [
      { name: "first", over: { kind: "input" } },
      { name: "second", over: { kind: "rounded", name: "first" } },
      { name: "last", over: { kind: "real" } },
    ],
    additions: [{ a: "first", b: "second", sum: "sum" }],
  });
});

it("writes integers where maps are rounded, and float32 before and after", async () => {
  const kernel = Float32Array.of(1.27, -0.5, 0.01, 0, 0, 0);
  const weights = await weightsOf([
    ["first/kernel", { shape: [2, 3, 1, 1], data: Float32Array.of(1, 0.5, 0.25, -1, 0, 0.125) }],
    ["first/bias", { shape: [2], data: Float32Array.of(0.5, 0) }],
    ["second/kernel", { shape: [3, 2, 1, 1], data: kernel }],
    ["second/bias", { shape: [3], data: Float32Array.of(0.001, -4, 0) }],
    ["last/kernel", { shape: [1, 3, 1, 1], data: Float32Array.of(0.1, 0.2, 0.3) }],
    ["last/bias", { shape: [1], data: Float32Array.of(0.7) }],
  ]);
  const tensors = new Map(quantiseWeights(network, weights, activations, grid));

  expect([...(tensors.get("first/quantisation")?.data ?? [])]).toEqual([Math.fround(5.1 / 255), 0]);
  // 0 is one of the integers: 2.55 / 0.02 is 127.5.
  expect([...(tensors.get("second/quantisation")?.data ?? [])]).toEqual([Math.fround(5.1 / 255), 128]);
  expect(tensors.get("second/kernel")).toEqual({ shape: [3, 2, 1, 1], data: Int8Array.of(127, -50, 127, 0, 0, 0) });
  const scale = tensors.get("second/scale")?.data as Float32Array;
  expect(scale[0]).toBeCloseTo(0.01, 8);
  expect(scale[1]).toBeCloseTo(0.01 / 127, 8);
  // A row of zeros has a scale that nothing is divided by in vain.
  expect(scale[2]).toBe(1);
  // In units of the sums: of the input's scale times the kernel's. The rounding of the kernel shifts nothing here: its
  // numbers are whole multiples of their scales.
  expect([...(tensors.get("second/bias")?.data ?? [])]).toEqual([5, Math.round(-4 / (0.02 * (0.01 / 127))), 0]);
  // Few enough bits already.
  expect(tensors.get("first/kernel")?.data).toEqual(weights.read("first/kernel"));
  expect(tensors.get("last/kernel")?.data).toEqual(weights.read("last/kernel"));
  expect(tensors.get("last/bias")?.data).toEqual(weights.read("last/bias"));
});
