import type { ScoredPair } from "@facefleet/core/evaluation";
import { expect, it } from "vitest";
import { verificationFigures } from "./verification-figures.js";

/** Same pairs from 0.40 on, different ones from 1.20 on, 0.01 apart. */
const separate = (count: number): ScoredPair[] =>
  [true, false].flatMap((same) =>
    Array.from({ length: count }, (_, i) => ({ same, distance: (same ? 0.4 : 1.2) + i / 100 })),
  );

it("splits one fold into ten and says so", () => {
  const { crossValidation, validationRate, pairs } = verificationFigures([separate(20)]);
  expect(pairs).toEqual({ same: 20, different: 20 });
  expect(crossValidation.splitFromOne).toBe(true);
  expect(crossValidation.folds).toHaveLength(10);
  expect(crossValidation.accuracy).toEqual({ mean: 1, standardError: 0 });
  expect(validationRate.impostorsPerChoice).toBe(18);
});

it("keeps the folds of the protocol", () => {
  // In the second fold everything is farther apart: each one's threshold is wrong for half of the other.
  const far = separate(5).map((pair) => ({ ...pair, distance: pair.distance + 0.5 }));
  const { crossValidation } = verificationFigures([separate(5), far]);
  expect(crossValidation.splitFromOne).toBe(false);
  expect(crossValidation.folds.map(({ accuracy }) => accuracy)).toEqual([0.5, 0.5]);
});

it("gives the figures at the service's threshold and the reference's", () => {
  const { fixed, best, thresholds } = verificationFigures([[...separate(2), { same: true, distance: 1.05 }]]);
  expect(fixed.map(({ threshold, accuracy }) => [threshold, accuracy])).toEqual([
    [1, 0.8],
    [1.08, 1],
  ]);
  expect(best.accuracy).toBe(1);
  expect(thresholds.map(({ threshold }) => threshold)).toContain(1);
});

it("refuses too few pairs", () => {
  expect(() => verificationFigures([separate(1)])).toThrow("Expected two same and two different pairs or more");
});
