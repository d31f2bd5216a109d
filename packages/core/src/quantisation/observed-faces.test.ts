import { expect, it } from "vitest";
import { packManifest } from "../models/index.js";
import { observedFaces } from "./observed-faces.js";

const manifest = packManifest("facenet-20180402-114759-int8");
const side = manifest.embedder.inputSize;
const standardised = (pixel: number) => (pixel - 127.5) / 128;

/** Black and white columns in turns, of one pixel each. */
const stripes = Float32Array.from({ length: side * side * 3 }, (_, i) => standardised(Math.floor(i / 3) % 2 ? 255 : 0));

it("shows every second face as it is, and the others without what a small one cannot have", () => {
  const crops = Array.from({ length: 300 }, () => stripes);
  const shown = observedFaces(crops, manifest);
  expect(shown).toHaveLength(96);
  for (const [i, crop] of shown.entries()) {
    if (i % 2 === 0) expect(crop).toBe(stripes);
    // In so few pixels the stripes are nearly one grey.
    else expect(Math.max(...crop.map(Math.abs))).toBeLessThan(0.1);
  }
  const pixels = shown.flatMap((crop) => [...crop.slice(0, 300)].map((value) => value * 128 + 127.5));
  expect(pixels.every(Number.isInteger)).toBe(true);
});

it("takes what there is, spread evenly", () => {
  const crops = Array.from({ length: 4 }, (_, i) => new Float32Array(side * side * 3).fill(standardised(i)));
  expect(observedFaces(crops, manifest).map((crop) => crop[0])).toEqual(
    [0, 1, 2, 3].map(standardised).map(Math.fround),
  );
});
