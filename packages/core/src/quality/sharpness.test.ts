import { describe, expect, it } from "vitest";
import { sharpness } from "./sharpness.js";

const side = 64;

function picture(luma: (x: number, y: number) => number): Float32Array {
  return Float32Array.from({ length: side * side }, (_, i) => luma(i % side, Math.floor(i / side)));
}

/** The same noise every time, 0 to 1 (a linear congruential generator). */
function noise(): Float32Array {
  let state = 1;
  return picture(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
}

/** Each pixel the mean of the square of pixels around it that reaches `radius` far. */
function boxBlur(grey: Float32Array, radius: number): Float32Array {
  const clamped = (at: number) => Math.min(Math.max(at, 0), side - 1);
  return picture((x, y) => {
    let sum = 0;
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) sum += grey[clamped(y + dy) * side + clamped(x + dx)] as number;
    }
    return sum / (2 * radius + 1) ** 2;
  });
}

describe("sharpness", () => {
  it("is 0 for a picture that holds nothing", () => {
    expect(sharpness(new Float32Array(side * side), side)).toBe(0);
    expect(
      sharpness(
        picture((x) => 0.5 + (x % 2) * 1e-4),
        side,
      ),
    ).toBe(0);
  });

  it("is what the kernel makes of a wave: (2 - 2 cos w)^2, away from the edges", () => {
    const period = 8;
    const wave = picture((x) => 0.5 + 0.4 * Math.sin((2 * Math.PI * (x + 0.5)) / period));
    const expected = (2 - 2 * Math.cos((2 * Math.PI) / period)) ** 2;
    expect(Math.abs(sharpness(wave, side) / expected - 1)).toBeLessThan(0.05);
  });

  it("is near 64 for a chessboard, the sharpest of all, and 20 for white noise", () => {
    const chessboard = sharpness(
      picture((x, y) => (x + y) % 2),
      side,
    );
    expect(chessboard).toBeGreaterThan(60);
    expect(chessboard).toBeLessThan(64);
    expect(sharpness(noise(), side)).toBeGreaterThan(18);
    expect(sharpness(noise(), side)).toBeLessThan(21);
  });

  it("falls with every blur", () => {
    const values = [0, 1, 2, 3, 5].map((radius) => sharpness(boxBlur(noise(), radius), side));
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values[1]).toBeLessThan((values[0] as number) / 5);
  });

  it("does not change with brightness and contrast", () => {
    const blurred = boxBlur(noise(), 1);
    const pale = blurred.map((value) => 0.7 + 0.1 * value);
    expect(sharpness(pale, side)).toBeCloseTo(sharpness(blurred, side), 3);
  });
});
