import type { Box } from "@facefleet/contracts";
import type { FaceAnalysis, FacePipeline } from "@facefleet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  demandedEngines,
  everyPhoto,
  floatPack,
  goldenPhotos,
  noFloatPack,
  noPhotos,
  photo,
  skipped,
} from "../../../tests/support/test-data.js";
import { embeddingCosine, type FaceMatch, landmarkError, matchFaces } from "./golden-faces.js";
import { everyFace as everyFaceFound, openPipeline, presentEngines } from "./pipeline-under-test.js";

// The others see some of the photos in the test of `eval parity`; WebAssembly would take minutes over all of them.
const engines = presentEngines.filter((name) => {
  return name === "onnx-cpu" || demandedEngines.includes(name) || (everyPhoto && name !== "tfjs-wasm");
});
/** The reference subtracts no mean. */
const everyFace = { ...everyFaceFound, embedding: "standard-raw" } as const;

describe.skipIf(skipped("the pipeline against the reference", noFloatPack, noPhotos)).each(engines)(
  "the reference's photos on %s",
  (engine) => {
    let pipeline: FacePipeline;
    const analyses = new Map<string, FaceAnalysis>();
    const matches = new Map<string, ReturnType<typeof matchFaces>>();
    const allMatches = (): FaceMatch[] => [...matches.values()].flatMap((photo) => photo.matches);

    beforeAll(async () => {
      ({ pipeline } = await openPipeline(engine, {}, floatPack));
      for (const [name, golden] of Object.entries(await goldenPhotos())) {
        const analysis = await pipeline.analyse(await photo(name), everyFace);
        expect([name, analysis.image.width, analysis.image.height]).toEqual([name, golden.width, golden.height]);
        analyses.set(name, analysis);
        const certain = golden.faces.filter(({ score }) => score >= everyFace.minConfidence);
        matches.set(name, matchFaces(certain, analysis.faces));
      }
    }, 240_000);

    afterAll(() => pipeline?.close());

    it("hold the same faces", () => {
      const faces = [...matches.values()];
      const sum = (count: (photo: (typeof faces)[number]) => number) => faces.reduce((total, p) => total + count(p), 0);
      const total = sum(({ matches, missed }) => matches.length + missed);
      expect(total).toBeGreaterThan(300);
      expect(sum(({ missed, extra }) => missed + extra)).toBeLessThanOrEqual(total / 50);
      expect(matches.get("no-faces.jpg")).toEqual({ matches: [], missed: 0, extra: 0 });
    });

    it("at the same places, as sure", () => {
      for (const match of allMatches()) {
        expect(match.iou).toBeGreaterThanOrEqual(0.85);
        expect(Math.abs(match.face.confidence - match.golden.score)).toBeLessThanOrEqual(0.03);
        expect(landmarkError(match)).toBeLessThanOrEqual(0.04);
      }
    });

    it("with the same embeddings", () => {
      const cosines = allMatches()
        .map(embeddingCosine)
        .sort((a, b) => a - b);
      expect(cosines[Math.floor(cosines.length / 2)]).toBeGreaterThanOrEqual(0.995);
      expect(cosines[0]).toBeGreaterThanOrEqual(0.98);
    });

    it("to the pixel", () => {
      for (const match of allMatches()) expect(match.iou).toBeGreaterThan(0.999);
    });

    it("turned upright by their EXIF orientation", () => {
      const boxes = [2, 3, 4, 5, 6, 7, 8].map((orientation) => {
        const analysis = analyses.get(`hopper_orientation_${orientation}.jpg`);
        expect(analysis?.image.orientation).toBe(orientation);
        expect(analysis?.faces).toHaveLength(1);
        return analysis?.faces[0]?.box as Box;
      });
      // JPEG's own loss differs between a picture and its transpose: half a pixel of 128.
      for (const { x, y, width, height } of boxes) {
        expect(Math.abs(x - 42.2)).toBeLessThan(0.5);
        expect(Math.abs(y - 25.2)).toBeLessThan(0.5);
        expect(Math.abs(width - 43.3)).toBeLessThan(0.5);
        expect(Math.abs(height - 53.9)).toBeLessThan(1.5);
      }
    });
  },
);
