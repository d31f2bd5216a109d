import { createEngine } from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import { describe, expect, it } from "vitest";
import {
  alignedCrop,
  goldenCrops,
  modelsDir,
  noPack,
  noPhotos,
  oddImage,
  photo,
  portrait,
  skipped,
} from "../../../tests/support/test-data.js";
import { DynamicBatcher, type StageBatcher } from "../src/batching/index.js";
import { FaceEmbedder } from "../src/embedding/index.js";
import { decodeImage } from "../src/imaging/index.js";
import { everyFace, openPipeline, portableEngines } from "./pipeline-under-test.js";

const plainBatcher: StageBatcher = ({ run, maxBatchSize = 8 }) =>
  new DynamicBatcher({ run, maxBatchSize, maxQueueDelayMs: 0 });

describe.skipIf(skipped("the engines on aligned crops", noPack, noPhotos)).each(portableEngines)("%s", (name) => {
  it("embeds the reference's aligned crops to 1e-4", async () => {
    const { engine } = await createEngine(name);
    const embedder = await FaceEmbedder.load(engine, await loadPack(modelsDir), plainBatcher);
    const golden = Object.entries(await goldenCrops());
    const images = await Promise.all(golden.map(async ([file]) => decodeImage(await alignedCrop(file))));
    // A box whose margin crop is the whole image, so that nothing is cut or resized.
    const box = { x1: 16, y1: 16, x2: 144, y2: 144 };
    const embeddings = (await Promise.all(images.map((image) => embedder.embed(image, [box])))).flat();
    expect(golden.length).toBeGreaterThanOrEqual(5);
    for (const [i, [, expected]] of golden.entries()) {
      const differences = expected.map((value, k) => Math.abs(value - (embeddings[i]?.[k] ?? Number.NaN)));
      expect(Math.max(...differences)).toBeLessThan(1e-4);
    }
    await embedder.close();
  });
});

describe.skipIf(skipped("the engines against each other", noPack))("two engines", () => {
  it("find the same faces with the same embeddings", async () => {
    const [onnx, wasm] = await Promise.all(portableEngines.map((name) => openPipeline(name)));
    const bytes = [
      await portrait(),
      ...(noPhotos ? [] : [await photo("two-people.jpg"), await oddImage("hopper.png")]),
    ];
    for (const image of bytes) {
      const ours = await onnx?.pipeline.analyse(image, everyFace);
      const theirs = await wasm?.pipeline.analyse(image, everyFace);
      expect(ours?.faces.length).toBeGreaterThan(0);
      expect(theirs?.faces.length).toBe(ours?.faces.length);
      for (const [i, face] of (ours?.faces ?? []).entries()) {
        const other = theirs?.faces[i];
        for (const side of ["x", "y", "width", "height"] as const) {
          expect(Math.abs(face.box[side] - (other?.box[side] ?? Number.NaN))).toBeLessThan(0.5);
        }
        face.embedding?.forEach((value, k) => {
          expect(Math.abs(value - (other?.embedding?.[k] ?? Number.NaN))).toBeLessThan(1e-4);
        });
      }
    }
  });

  it("leave no tensor behind", async () => {
    const { engine, pipeline } = await openPipeline("tfjs-wasm");
    const image = await portrait();
    await pipeline.analyse(image, everyFace);
    const before = engine.tensorCount();
    await pipeline.analyse(image, everyFace);
    expect(before).toBeGreaterThan(0);
    expect(engine.tensorCount()).toBe(before);
    await pipeline.close();
  });
});

describe("createEngine", () => {
  it("starts the engine that it names, on the device that it says", async () => {
    const { engine } = await createEngine("onnx-cpu");
    expect([engine.name, engine.device]).toEqual(["onnx-cpu", "cpu"]);
  });

  it("chooses by itself and says why", async () => {
    const { engine, reason } = await createEngine("auto");
    expect(["tfjs-node-gpu", "onnx-cpu"]).toContain(engine.name);
    expect(reason).toMatch(engine.name === "onnx-cpu" ? /not tfjs-node-gpu: Expected/ : /first/);
  });

  it("refuses rather than taking another when what was asked for is not there", async () => {
    const started = createEngine("tfjs-node-gpu").then(({ engine }) => engine.device);
    // Where a GPU and the package are at hand it starts, and then truly on the GPU.
    await expect(started.catch((error: Error) => error.message)).resolves.toMatch(/^gpu$|^Expected .*tfjs-node-gpu/);
  });
});
