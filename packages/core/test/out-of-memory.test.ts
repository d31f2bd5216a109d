import { defaultMaxPixels } from "@facefleet/contracts";
import { type BatchStage, FacePipeline, type InferenceEngine, type Session } from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import { describe, expect, it } from "vitest";
import { drawnImages } from "../../../tests/support/drawn-images.js";
import { modelsDir } from "../../../tests/support/test-data.js";
import { everyFace, openPipeline, startEngine } from "./pipeline-under-test.js";

const limits = { maxPixels: defaultMaxPixels, maxBatchSize: 16, maxQueueDelayMs: 0 };

/** A device of which the engine says that so many crops are too much for its memory. */
function cramped(engine: InferenceEngine, mostCrops: number): InferenceEngine {
  const crampedSession = <Output extends string>(session: Session<Output>): Session<Output> => ({
    input: (length) => session.input(length),
    close: () => session.close(),
    run: async (input) => {
      const [batch, height] = input.shape;
      if (height === 24 && batch > mostCrops) throw new Error("Failed to allocate memory for requested buffer");
      return await session.run(input);
    },
  });
  return {
    name: engine.name,
    device: engine.device,
    arithmetics: engine.arithmetics,
    compile: async (network, weights, arithmetic) => crampedSession(await engine.compile(network, weights, arithmetic)),
    isOutOfMemory: (error) => engine.isOutOfMemory(error),
    tensorCount: () => engine.tensorCount(),
    tensorBytes: () => engine.tensorBytes(),
  };
}

describe("a batch too large for the device", () => {
  it("is halved until it fits, told by its stage, and leaves the faces what they are", async () => {
    const splits: BatchStage[] = [];
    const [pack, engine] = [await loadPack(modelsDir), cramped(await startEngine("onnx-cpu"), 32)];
    const onOutOfMemorySplit = (stage: BatchStage) => splits.push(stage);
    const small = await FacePipeline.create({ pack, engine, limits, onOutOfMemorySplit });
    const { pipeline: large } = await openPipeline("onnx-cpu");
    const bytes = await drawnImages.twoFaces();
    const [expected, actual] = [await large.analyse(bytes, everyFace), await small.analyse(bytes, everyFace)];
    expect(splits.length).toBeGreaterThan(0);
    expect(new Set(splits)).toEqual(new Set(["refine"]));
    expect(actual.faces.map(({ confidence }) => confidence.toFixed(4))).toEqual(
      expected.faces.map(({ confidence }) => confidence.toFixed(4)),
    );
    splits.length = 0;
    await small.analyse(bytes, everyFace);
    expect(splits).toEqual([]);
    await Promise.all([small.close(), large.close()]);
  });
});
