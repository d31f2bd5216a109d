import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, type FaceAnalysis } from "@facefleet/core";
import { defaultPackName, loadPack } from "@facefleet/core/models";
import { describe, expect, it } from "vitest";
import {
  alignedCrop,
  floatPack,
  goldenCrops,
  modelsDir,
  noFloatPack,
  noPhotos,
  noTfjsNode,
  oddImage,
  photo,
  portrait,
  skipped,
  tfjsNodeDir,
} from "../../../tests/support/test-data.js";
import { DynamicBatcher, type StageBatcher } from "../src/batching/index.js";
import { FaceEmbedder } from "../src/embedding/index.js";
import { decodeImage } from "../src/imaging/index.js";
import { everyFace, openPipeline, presentEngines, startEngine } from "./pipeline-under-test.js";

const plainBatcher: StageBatcher = ({ run, maxBatchSize = 8 }) =>
  new DynamicBatcher({ run, maxBatchSize, maxQueueDelayMs: 0 });

describe.skipIf(skipped("the engines on aligned crops", noFloatPack, noPhotos)).each(presentEngines)("%s", (name) => {
  it("embeds the reference's aligned crops to 1e-4", async () => {
    const engine = await startEngine(name);
    const embedder = await FaceEmbedder.load(engine, await loadPack(modelsDir, floatPack), plainBatcher);
    const golden = Object.entries(await goldenCrops());
    const images = await Promise.all(golden.map(async ([file]) => decodeImage(await alignedCrop(file))));
    // A box whose margin crop is the whole image, so that nothing is cut or resized.
    const box = { x1: 16, y1: 16, x2: 144, y2: 144 };
    const embedded = await Promise.all(images.map((image) => embedder.embed(image, [box], "standard-raw")));
    const embeddings = embedded.flatMap(({ embeddings }) => embeddings);
    expect(golden.length).toBeGreaterThanOrEqual(5);
    for (const [i, [, expected]] of golden.entries()) {
      const differences = expected.map((value, k) => Math.abs(value - (embeddings[i]?.[k] ?? Number.NaN)));
      expect(Math.max(...differences)).toBeLessThan(1e-4);
    }
    await embedder.close();
  });
});

const others = presentEngines.filter((name) => name !== "onnx-cpu");

const packs = [defaultPackName, ...(skipped("the engines on the float32 pack", noFloatPack) ? [] : [floatPack])];
const pairs = others.flatMap((name) => packs.map((pack) => ({ name, pack })));

describe.each(pairs)("$name and onnx-cpu on $pack", ({ name, pack }) => {
  it("find the same faces with the same embeddings, and leave no tensor behind", async () => {
    const onnx = await openPipeline("onnx-cpu", {}, pack);
    const other = await openPipeline(name, {}, pack);
    for (const image of await images()) {
      const expected = await onnx.pipeline.analyse(image, everyFace);
      const actual = await other.pipeline.analyse(image, everyFace);
      expect(expected.faces.length).toBeGreaterThan(0);
      expectSameFaces(actual, expected);
    }
    const tensors = other.engine.tensorCount();
    await other.pipeline.analyse(await portrait(), everyFace);
    expect(other.engine.tensorCount()).toBe(tensors);
    if (name.startsWith("tfjs")) {
      expect(tensors).toBeGreaterThan(0);
      // The weights are among them.
      expect(other.engine.tensorBytes()).toBeGreaterThan(90e6);
    }
    await Promise.all([onnx.pipeline.close(), other.pipeline.close()]);
  });
});

const images = async () => [
  await portrait(),
  ...(noPhotos ? [] : [await photo("two-people.jpg"), await oddImage("hopper.png")]),
];

/** Boxes within half a pixel, embeddings within 1e-4. */
function expectSameFaces(actual: FaceAnalysis, expected: FaceAnalysis): void {
  expect(actual.faces.length).toBe(expected.faces.length);
  for (const [i, face] of expected.faces.entries()) {
    const other = actual.faces[i];
    for (const side of ["x", "y", "width", "height"] as const) {
      expect(Math.abs(face.box[side] - (other?.box[side] ?? Number.NaN))).toBeLessThan(0.5);
    }
    face.embedding?.forEach((value, k) => {
      expect(Math.abs(value - (other?.embedding?.[k] ?? Number.NaN))).toBeLessThan(1e-4);
    });
  }
}

describe.skipIf(skipped("two backends of TensorFlow.js in one process", noTfjsNode))("TensorFlow.js", () => {
  it("computes each engine's networks on that engine's own backend", async () => {
    const pipelines = [await openPipeline("tfjs-node"), await openPipeline("tfjs-wasm")];
    const backends: string[] = [];
    for (const { engine, pipeline } of pipelines) {
      await pipeline.analyse(await portrait(), everyFace);
      backends.push((engine as unknown as { tf: { getBackend(): string } }).tf.getBackend());
      await pipeline.close();
    }
    expect(backends).toEqual(["tensorflow", "wasm"]);
  });
});

describe("createEngine", () => {
  it("starts the engine that it names, on the device that it says", async () => {
    const { engine } = await createEngine("onnx-cpu");
    expect([engine.name, engine.device]).toEqual(["onnx-cpu", "cpu"]);
  });

  it("chooses by itself and says why", async () => {
    const { engine, reason } = await createEngine("auto");
    expect(["tfjs-node-gpu", "onnx-cuda", "onnx-cpu"]).toContain(engine.name);
    expect(reason).toMatch(
      { "tfjs-node-gpu": /first/, "onnx-cuda": /not tfjs-node-gpu: Expected/ }[engine.name as string] ??
        /not tfjs-node-gpu: Expected .*; not onnx-cuda: Expected /,
    );
  });

  // Where the device and the libraries are at hand it starts, and then truly on the device.
  it.each([
    ["tfjs-node-gpu", /^gpu$|^Expected .*tfjs-node-gpu/],
    ["onnx-cuda", /^cuda$|^Expected .*onnx-cuda/],
    ["onnx-webgpu", /^webgpu$|^Expected .*onnx-webgpu/],
  ] as const)("refuses rather than taking another when %s was asked for and is not there", async (name, answer) => {
    const started = createEngine(name).then(({ engine }) => engine.device);
    await expect(started.catch((error: Error) => error.message)).resolves.toMatch(answer);
  });

  it.skipIf(noTfjsNode)("refuses a GPU package whose libtensorflow goes on with the CPU", async () => {
    const folder = await mkdtemp(join(tmpdir(), "facefleet-engines-"));
    try {
      const scope = join("node_modules", "@tensorflow");
      await mkdir(join(folder, scope), { recursive: true });
      await symlink(join(tfjsNodeDir, scope, "tfjs-node"), join(folder, scope, "tfjs-node-gpu"));
      const started = createEngine("tfjs-node-gpu", { tfjsNodeDir: folder });
      await expect(started).rejects.toThrow("libtensorflow found none");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
