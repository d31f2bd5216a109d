import { expect, it } from "vitest";
import { strokeDigits } from "./stroke-digits.js";

it("draws each digit to the right of the one before", () => {
  expect(strokeDigits("1").path).toBe("M1 0v1M1 1v1");
  expect(strokeDigits("11").path).toBe("M1 0v1M1 1v1M2.7 0v1M2.7 1v1");
});

it("measures what it draws", () => {
  expect(strokeDigits("8")).toMatchObject({ width: 1, height: 2 });
  expect(strokeDigits("0.98").width).toBeCloseTo(1 + 2 * 1.7 + 0.7);
});
