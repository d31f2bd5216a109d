import { describe, expect, it } from "vitest";
import { stableSum } from "./stable-sum.js";

/** To the nearest whole number, half to even, from 0 to 255. */
const toByte = (value: number) => {
  const nearest = Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
  return Math.min(255, Math.max(0, nearest));
};

/** How many pairs of integers have another sum when products are rounded before they are added. */
function unstablePairs(a: { scale: number }, b: { scale: number; zeroPoint: number }, scale: number): number {
  const [ofA, ofB] = [Math.fround(a.scale / scale), Math.fround(b.scale / scale)];
  const constant = Math.fround(-Math.fround(ofB * b.zeroPoint));
  let count = 0;
  for (let x = 0; x < 256; x++) {
    for (let y = 0; y < 256; y++) {
      const fused = Math.fround(y * ofB + Math.fround(x * ofA + constant));
      const rounded = Math.fround(Math.fround(y * ofB) + Math.fround(Math.fround(x * ofA) + constant));
      if (toByte(fused) !== toByte(rounded)) count++;
    }
  }
  return count;
}

describe("stableSum", () => {
  const a = { scale: Math.fround(0.0217), zeroPoint: 0 };
  const b = { scale: Math.fround(0.0333), zeroPoint: 117 };
  const scales = Array.from({ length: 20 }, (_, i) => Math.fround(0.0201 + i * 0.0003711));

  it("finds a scale of which no sum depends on how float32 adds", () => {
    // Else there would be nothing to find.
    expect(scales.some((scale) => unstablePairs(a, b, scale) > 0)).toBe(true);
    for (const scale of scales) {
      const stable = stableSum(a, b, { scale, zeroPoint: 0 });
      expect(unstablePairs(a, b, stable.scale)).toBe(0);
      expect(stable.scale).toBeGreaterThanOrEqual(scale);
      expect(stable.scale / scale).toBeLessThan(1.001);
    }
  });

  it("leaves a scale as it is that is one already", () => {
    const stable = stableSum(a, b, { scale: scales[0]!, zeroPoint: 0 });
    expect(stableSum(a, b, stable)).toEqual(stable);
  });
});
