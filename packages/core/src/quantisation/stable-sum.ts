import type { Quantisation } from "../engines/index.js";

/**
 * The scale of a sum, made larger by as many units in the last place as it takes until no sum of any two of its
 * addends' integers is so near to a half that it depends on how float32 adds them: whether a product is rounded before
 * it is added (some processors do both in one step), and in which order.
 */
export function stableSum(a: Quantisation, b: Quantisation, sum: Quantisation): Quantisation {
  let { scale } = sum;
  while (!isStable(a, b, { ...sum, scale })) scale = nextFloat(scale);
  return { ...sum, scale };
}

/** How far off a sum may be, as a share of its largest parts: six roundings of half a unit in the last place of 24 bits. */
const largestError = 6 * 2 ** -24;

function isStable(a: Quantisation, b: Quantisation, { scale, zeroPoint }: Quantisation): boolean {
  const [ofA, ofB] = [Math.fround(a.scale / scale), Math.fround(b.scale / scale)];
  const [zeroA, zeroB] = [ofA * a.zeroPoint, ofB * b.zeroPoint];
  for (let x = 0; x < 256; x++) {
    for (let y = 0; y < 256; y++) {
      const sum = x * ofA + y * ofB + zeroPoint - zeroA - zeroB;
      const parts = x * ofA + y * ofB + zeroPoint + zeroA + zeroB;
      const isCutOff = sum < -1 || sum > 256;
      if (!isCutOff && Math.abs(sum - Math.floor(sum) - 0.5) <= parts * largestError) return false;
    }
  }
  return true;
}

/** The next larger float32. */
function nextFloat(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]! += 1;
  return new Float32Array(bits.buffer)[0]!;
}
