import { type FaceAnalysis, type FacePipeline, imageMemory } from "@facefleet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnImages } from "../../../tests/support/drawn-images.js";
import { everyFace, openPipeline } from "./pipeline-under-test.js";

describe("the stages of an image", () => {
  let pipeline: FacePipeline;
  let bytes: Uint8Array;

  beforeAll(async () => {
    bytes = await drawnImages.twoFaces();
    ({ pipeline } = await openPipeline("onnx-cpu", { memory: imageMemory(1) }));
  });

  afterAll(() => pipeline?.close());

  async function timed(): Promise<{ timings: FaceAnalysis["timings"]; tookMs: number }> {
    const started = performance.now();
    const { timings } = await pipeline.analyse(bytes, everyFace);
    return { timings, tookMs: performance.now() - started };
  }

  const sumOf = ({ batchSize, ...stages }: FaceAnalysis["timings"]) =>
    Object.values(stages).reduce((sum, milliseconds) => sum + milliseconds, 0);

  it("all take time, and add up to what it takes from its bytes to its faces", async () => {
    const { timings, tookMs } = await timed();
    for (const [stage, milliseconds] of Object.entries(timings)) expect(milliseconds, stage).toBeGreaterThan(0);
    expect(sumOf(timings)).toBeLessThanOrEqual(tookMs);
    expect(sumOf(timings)).toBeGreaterThan(0.95 * tookMs);
  });

  it("hold the wait for memory apart from the work, where images go one at a time", async () => {
    const both = await Promise.all([timed(), timed()]);
    const [first, second] = both.sort((a, b) => a.tookMs - b.tookMs) as [(typeof both)[0], (typeof both)[0]];
    expect(second.timings.memoryMs).toBeGreaterThan(0.9 * first.tookMs);
    expect(sumOf(second.timings)).toBeGreaterThan(0.95 * second.tookMs);
    expect(second.timings.decodeMs).toBeLessThan(second.timings.memoryMs);
  });
});
