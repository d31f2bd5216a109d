import { expect, it } from "vitest";
import {
  areaUnderCurve,
  bestThreshold,
  crossValidate,
  distancesByKind,
  equalErrorRate,
  meanWithError,
  operatingPoint,
  rocCurve,
  type ScoredPair,
  splitIntoFolds,
  thresholdAtFalseAcceptRate,
} from "./index.js";

const same = (...distances: number[]): ScoredPair[] => distances.map((distance) => ({ distance, same: true }));
const different = (...distances: number[]): ScoredPair[] => distances.map((distance) => ({ distance, same: false }));

/** One impostor (0.9) is nearer than the worst of four genuine pairs (1.1). */
const overlapping = [...same(0.5, 0.6, 0.8, 1.1), ...different(0.9, 1.2, 1.4, 1.6)];

it("counts what a threshold accepts and rejects; at the threshold is rejected", () => {
  expect(operatingPoint(overlapping, 1.1)).toEqual({
    threshold: 1.1,
    accuracy: 0.75,
    falseAcceptRate: 0.25,
    falseRejectRate: 0.25,
  });
  expect(operatingPoint(overlapping, 0)).toMatchObject({ accuracy: 0.5, falseAcceptRate: 0, falseRejectRate: 1 });
});

it("finds the threshold of highest accuracy", () => {
  // 7 of 8 are right between 0.8 and 0.9, and between 1.1 and 1.2: the first of two is the middle one.
  expect(bestThreshold(overlapping)).toBeCloseTo(0.85);
  expect(bestThreshold([...same(0.4, 0.6), ...different(1.4)])).toBeCloseTo(1);
  expect(bestThreshold([...same(1.5), ...different(0.4, 0.4)])).toBeCloseTo(0.2);
  expect(bestThreshold(same(0.4))).toBeCloseTo(1.2);
});

it("takes pairs at one distance together", () => {
  const tied = [...same(0.5, 1), ...different(1, 1.5)];
  const { accuracy } = operatingPoint(tied, bestThreshold(tied));
  expect(accuracy).toBe(0.75);
  expect(areaUnderCurve(rocCurve(tied))).toBeCloseTo(0.875);
});

it("keeps false accepts at or below a rate", () => {
  const distances = distancesByKind(overlapping);
  expect(thresholdAtFalseAcceptRate(distances, 0.001)).toBe(0.9);
  expect(thresholdAtFalseAcceptRate(distances, 0.25)).toBe(1.2);
  expect(thresholdAtFalseAcceptRate(distances, 1)).toBe(Number.POSITIVE_INFINITY);
  const thousands = different(...Array.from({ length: 3000 }, (_, i) => 1 + i / 1e4));
  const threshold = thresholdAtFalseAcceptRate(distancesByKind(thousands), 1e-3);
  expect(operatingPoint(thousands, threshold).falseAcceptRate).toBe(3 / 3000);
});

it("draws the ROC curve, its area and where its errors are equal", () => {
  const curve = rocCurve(overlapping);
  expect(curve[0]).toEqual({ falseAcceptRate: 0, trueAcceptRate: 0 });
  expect(curve).toContainEqual({ falseAcceptRate: 0.25, trueAcceptRate: 0.75 });
  expect(curve.at(-1)).toEqual({ falseAcceptRate: 1, trueAcceptRate: 1 });
  // Of the 16 comparisons of a genuine with an impostor pair one is the wrong way round.
  expect(areaUnderCurve(curve)).toBeCloseTo(15 / 16);
  expect(equalErrorRate(curve)).toBeCloseTo(0.25);
});

it("is perfect where nothing overlaps, and a coin's where everything does", () => {
  const apart = rocCurve([...same(0.1, 0.2), ...different(1, 2)]);
  expect([areaUnderCurve(apart), equalErrorRate(apart)]).toEqual([1, 0]);
  const alike = rocCurve([...same(1, 1), ...different(1, 1)]);
  expect([areaUnderCurve(alike), equalErrorRate(alike)]).toEqual([0.5, 0.5]);
});

it("judges a fold by the threshold of the others", () => {
  const folds = [
    [...same(0.2), ...different(0.4)],
    [...same(0.8), ...different(1.4)],
  ];
  const [first, second] = crossValidate(folds, bestThreshold);
  expect(first).toMatchObject({ accuracy: 0.5, falseAcceptRate: 1 });
  expect(first?.threshold).toBeCloseTo(1.1);
  expect(second).toMatchObject({ accuracy: 0.5, falseRejectRate: 1 });
  expect(second?.threshold).toBeCloseTo(0.3);
});

it("gives a mean with its standard error", () => {
  const { mean, standardError } = meanWithError([1, 2, 3, 4]);
  expect(mean).toBe(2.5);
  // The sample's variance is 5/3.
  expect(standardError).toBeCloseTo(Math.sqrt(5 / 3 / 4));
});

it("splits into balanced folds, every pair in one", () => {
  const pairs = [...same(...Array.from({ length: 25 }, () => 1)), ...different(...Array.from({ length: 20 }, () => 2))];
  const folds = splitIntoFolds(pairs, 10);
  expect(folds.flat()).toHaveLength(45);
  expect(new Set(folds.flat()).size).toBe(45);
  for (const fold of folds) {
    expect(fold.filter((pair) => !pair.same)).toHaveLength(2);
    expect([2, 3]).toContain(fold.filter((pair) => pair.same).length);
  }
});
