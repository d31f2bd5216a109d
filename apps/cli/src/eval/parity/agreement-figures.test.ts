import type { FaceAgreement, FaceDifference } from "@facefleet/core/evaluation";
import { expect, it } from "vitest";
import { agreementFigures, engineFaults, referenceFaults } from "./agreement-figures.js";

const equal: FaceDifference = { iou: 1, boxPixels: 0, confidence: 0, landmarks: 0, cosine: 1, embedding: 0 };

const agreement = (count: number, ...others: Partial<FaceDifference>[]): FaceAgreement => ({
  differences: [...Array.from({ length: count }, () => equal), ...others.map((other) => ({ ...equal, ...other }))],
  missed: 0,
  extra: 0,
});

const faultsOf = (...agreements: FaceAgreement[]) => {
  const figures = agreementFigures(agreements);
  return { reference: referenceFaults(figures), engine: engineFaults(figures) };
};

it("finds nothing wrong with equal faces", () => {
  expect(faultsOf(agreement(3))).toEqual({ reference: [], engine: [] });
});

it("gives the median and the worst of each measure", () => {
  const figures = agreementFigures([agreement(2, { iou: 0.9, confidence: 0.02 }), agreement(1)]);
  expect(figures).toMatchObject({ faces: 4, iou: { median: 1, worst: 0.9 }, confidence: { median: 0, worst: 0.02 } });
});

it.each([
  ["iou", 0.7, 0.8],
  ["boxPixels", 3, 2],
  ["confidence", 0.3, 0.2],
  ["landmarks", 0.3, 0.2],
  ["cosine", 0.7, 0.8],
  ["embedding", 0.3, 0.2],
] as const)("takes for the worst %s what is farthest from equal", (measure, worst, better) => {
  const figures = agreementFigures([agreement(2, { [measure]: better }, { [measure]: worst })]);
  expect(figures[measure].worst).toBe(worst);
});

it.each([
  [{ iou: 0.84 }, /Expected an IoU of 0.85 or more but received 0.84/],
  [{ confidence: 0.031 }, /score difference of at most 0.03 /],
  [{ landmarks: 0.041 }, /landmark difference of at most 0.04 /],
  [{ confidence: Number.NaN }, /score difference .* received NaN/],
])("names what is outside the reference's tolerances: %j", (difference, message) => {
  const { reference } = faultsOf(agreement(200, difference));
  expect(reference).toHaveLength(1);
  expect(reference[0]).toMatch(message);
});

it("lets one face in a hundred have another embedding, and no more", () => {
  const other = { cosine: 0.95 };
  expect(faultsOf(agreement(99, other)).reference).toEqual([]);
  expect(faultsOf(agreement(98, other, other)).reference).toHaveLength(1);
  expect(faultsOf(agreement(98, other, { cosine: Number.NaN })).reference).toHaveLength(1);
});

it.each([
  [{ boxPixels: 0.51 }, /pixels of at most 0.5 /],
  [{ embedding: 1.1e-4 }, /embeddings of at most 0.0001 /],
])("names what is outside the engines' tolerances: %j", (difference, message) => {
  expect(faultsOf(agreement(200, difference)).engine).toEqual([expect.stringMatching(message)]);
});

it("counts faces that are missing or extra as faults, and no face at all", () => {
  expect(faultsOf({ ...agreement(5), missed: 1 }).reference).toHaveLength(1);
  expect(faultsOf({ ...agreement(5), extra: 1 }).engine).toHaveLength(1);
  expect(faultsOf().reference.length).toBeGreaterThan(0);
});
