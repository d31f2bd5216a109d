import type { Box } from "@facefleet/contracts";
import { expect, it } from "vitest";
import { averagePrecision, compareFaces, precisionRecallCurve, type SeenFace } from "./index.js";
import { intersectionOverUnion, matchBoxes } from "./match-boxes.js";

const box = (x: number, y = 0, width = 10, height = 10): Box => ({ x, y, width, height });

it("measures overlap", () => {
  expect(intersectionOverUnion(box(0), box(0))).toBe(1);
  expect(intersectionOverUnion(box(0), box(5))).toBeCloseTo(50 / 150);
  expect(intersectionOverUnion(box(0), box(10))).toBe(0);
  expect(intersectionOverUnion(box(0, 0, 0, 0), box(0, 0, 0, 0))).toBe(0);
});

it("gives no reference box twice", () => {
  expect(matchBoxes([box(0), box(4)], [box(1), box(0), box(50)], 0.4)).toEqual([
    { reference: 0, found: 0, iou: 90 / 110 },
    { reference: 1, found: 1, iou: 60 / 140 },
  ]);
});

it("computes precision, recall and their average by hand", () => {
  const images = [
    {
      truth: [box(0), box(100)],
      // Right, a second one on the same face, and one on nothing.
      found: [
        { box: box(0), confidence: 0.9 },
        { box: box(1), confidence: 0.8 },
        { box: box(500), confidence: 0.5 },
      ],
    },
    { truth: [box(0), box(200)], found: [{ box: box(0, 1), confidence: 0.7 }] },
  ];
  const curve = precisionRecallCurve(images);
  expect(curve).toEqual([
    { confidence: 0.9, precision: 1, recall: 1 / 4 },
    { confidence: 0.8, precision: 1 / 2, recall: 1 / 4 },
    { confidence: 0.7, precision: 2 / 3, recall: 2 / 4 },
    { confidence: 0.5, precision: 2 / 4, recall: 2 / 4 },
  ]);
  expect(averagePrecision(curve)).toBeCloseTo(1 / 4 + (1 / 4) * (2 / 3));
  expect(averagePrecision([])).toBe(0);
});

it("lets a surer detection take the face, whatever the order given", () => {
  const found = [
    { box: box(3), confidence: 0.6 },
    { box: box(1), confidence: 0.9 },
  ];
  expect(precisionRecallCurve([{ truth: [box(0)], found }])[0]).toEqual({ confidence: 0.9, precision: 1, recall: 1 });
});

const face = (shift = 0, embedding = [1, 0]): SeenFace => {
  const point = { x: shift, y: 0 };
  return {
    box: box(shift, 0, 10, 20),
    confidence: 0.9 - shift / 10,
    landmarks: { leftEye: point, rightEye: point, nose: point, mouthLeft: point, mouthRight: point },
    embedding,
  };
};

it("says how two sights of a face differ", () => {
  const { differences, missed, extra } = compareFaces([face()], [face(1, [0.6, 0.8])]);
  expect([missed, extra]).toEqual([0, 0]);
  expect(differences[0]?.iou).toBeCloseTo(180 / 220);
  expect(differences[0]?.boxPixels).toBe(1);
  expect(differences[0]?.confidence).toBeCloseTo(0.1);
  expect(differences[0]?.landmarks).toBeCloseTo(1 / 20);
  expect(differences[0]?.cosine).toBeCloseTo(0.6);
  expect(differences[0]?.embedding).toBeCloseTo(0.8);
});

it("counts faces without a counterpart", () => {
  expect(compareFaces([face(), face(40)], [face(), face(80), face(120)])).toMatchObject({ missed: 1, extra: 2 });
});

it("does not take a missing embedding for an equal one", () => {
  expect(compareFaces([face()], [face(0, [])]).differences[0]).toMatchObject({ cosine: Number.NaN });
});
