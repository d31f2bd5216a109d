import { expect, it } from "vitest";
import { weightsOf } from "../../test/weights-of.js";
import { exactLayer } from "./exact-layer.js";

/** Numbers between -1 and 1 that repeat on every run. */
function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (2 * state) / 2 ** 31 - 1;
  });
}

const grid = { step: 1 / 256, max: 255 / 256 };

it("gives weights whose sums over the grid are the same in whichever order float32 adds", async () => {
  const shape = [8, 3, 3, 3];
  const kernel = noise(8 * 27, 7).map((value, i) => value * 2 ** ((i % 27) - 20));
  const weights = await weightsOf([
    ["first/kernel", { shape, data: kernel }],
    ["first/bias", { shape: [8], data: noise(8, 3) }],
  ]);
  const layer = new Map(exactLayer(weights, "first", grid));
  const exact = layer.get("first/kernel")!.data as Float32Array;
  const bias = layer.get("first/bias")!.data as Float32Array;

  for (let trial = 0; trial < 50; trial++) {
    const input = noise(27, trial + 1).map((value) => Math.round(value * 255) / 256);
    for (let channel = 0; channel < 8; channel++) {
      const terms = [...input].map((value, i) => Math.fround(value * exact[channel * 27 + i]!));
      const forwards = terms.reduce((sum, term) => Math.fround(sum + term), bias[channel]!);
      const backwards = Math.fround(
        terms.toReversed().reduce((sum, term) => Math.fround(sum + term), 0) + bias[channel]!,
      );
      expect(backwards).toBe(forwards);
      const fused = [...input].reduce(
        (sum, value, i) => Math.fround(sum + value * exact[channel * 27 + i]!),
        bias[channel]!,
      );
      expect(fused).toBe(forwards);
    }
  }
  // And they are the weights that they were, to a few thousandths of the largest.
  for (const [i, value] of exact.entries()) {
    const channel = kernel.subarray(Math.floor(i / 27) * 27, Math.floor(i / 27) * 27 + 27);
    const largest = Math.max(...channel.map(Math.abs), Math.abs(bias[Math.floor(i / 27)]!));
    expect(Math.abs(value - kernel[i]!)).toBeLessThan(largest / 500);
  }
});
