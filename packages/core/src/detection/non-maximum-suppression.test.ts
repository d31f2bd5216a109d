import { describe, expect, it } from "vitest";
import type { CandidateBox } from "./candidate-box.js";
import { overSmaller, overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";

const box = (x1: number, y1: number, x2: number, y2: number, score = 1): CandidateBox => ({
  x1,
  y1,
  x2,
  y2,
  score,
});

describe("overlap", () => {
  it("over the union", () => {
    expect(overUnion(box(0, 0, 10, 10), box(5, 0, 15, 10))).toBeCloseTo(1 / 3);
    expect(overUnion(box(0, 0, 10, 10), box(10, 0, 20, 10))).toBe(0);
  });

  it("over the smaller box, last pixels counted in", () => {
    expect(overSmaller(box(0, 0, 99, 99), box(10, 10, 19, 19))).toBe(1);
    expect(overSmaller(box(0, 0, 9, 9), box(5, 0, 14, 9))).toBeCloseTo(0.5);
  });
});

describe("suppressNonMaxima", () => {
  it("keeps the best of overlapping boxes, whatever their order", async () => {
    const best = box(0, 0, 10, 10, 0.9);
    const worse = box(1, 0, 11, 10, 0.8);
    const apart = box(50, 50, 60, 60, 0.7);
    for (const boxes of [
      [best, worse, apart],
      [apart, worse, best],
    ]) {
      expect(await suppressNonMaxima(boxes, 0.5, overUnion)).toEqual([best, apart]);
    }
  });

  it("keeps a box that only a suppressed box overlaps", async () => {
    const boxes = [box(0, 0, 10, 10, 0.9), box(4, 0, 14, 10, 0.8), box(8, 0, 18, 10, 0.7)];
    expect(await suppressNonMaxima(boxes, 0.3, overUnion)).toEqual([boxes[0], boxes[2]]);
  });

  it("keeps what comparing every pair keeps, whatever the sizes", async () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    const boxes = Array.from({ length: 2000 }, () => {
      const side = 12 * 1.41 ** (random() * 16);
      const [x, y] = [random() * 900 - 20, random() * 700 - 20];
      return box(x, y, x + side, y + side * (0.5 + random()), random());
    });
    for (const [threshold, overlap] of [
      [0.5, overUnion],
      [0.7, overSmaller],
    ] as const) {
      const kept: CandidateBox[] = [];
      for (const next of [...boxes].sort((a, b) => b.score - a.score)) {
        if (kept.every((better) => overlap(better, next) <= threshold)) kept.push(next);
      }
      expect(await suppressNonMaxima(boxes, threshold, overlap)).toEqual(kept);
      expect(kept.length).toBeLessThan(boxes.length);
    }
  });

  it("takes an overlap of just the threshold as apart", async () => {
    const boxes = [box(0, 0, 10, 10, 0.9), box(0, 0, 10, 5, 0.8)];
    expect(await suppressNonMaxima(boxes, 0.5, overUnion)).toHaveLength(2);
  });
});
