import { expect, it } from "vitest";
import { weightsOf } from "../../test/weights-of.js";
import { quantisedLayer } from "./quantised-layer.js";

it("keeps the mean of the output, which the rounding of the kernel would shift", async () => {
  // Each weight is rounded up by 0.4 of the scale of 0.01.
  const row = Float32Array.of(1.27, 0.006, 0.016, 0.026);
  const weights = await weightsOf([
    ["layer/kernel", { shape: [1, 2, 1, 2], data: row }],
    ["layer/bias", { shape: [1], data: Float32Array.of(0.5) }],
  ]);
  const means = [0.75, 3];
  const layer = new Map(quantisedLayer(weights, "layer", { scale: 0.02, means }));
  const [kernel, [scale], [bias]] = ["kernel", "scale", "bias"].map((part) => layer.get(`layer/${part}`)!.data) as [
    Int8Array,
    [number],
    [number],
  ];
  expect([...kernel]).toEqual([127, 1, 2, 3]);
  const meanOutput = (weight: (i: number) => number, constant: number) =>
    [0, 1, 2, 3].reduce((sum, i) => sum + weight(i) * means[i >> 1]!, constant);
  const wanted = meanOutput((i) => row[i]!, 0.5);
  expect(meanOutput((i) => kernel[i]! * scale, 0.5)).toBeGreaterThan(wanted + 0.02);
  expect(Math.abs(meanOutput((i) => kernel[i]! * scale, bias * 0.02 * scale) - wanted)).toBeLessThan(0.02 * scale);
});
