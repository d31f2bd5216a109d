import { copyFile, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Arithmetic, EngineName, InferenceEngine } from "@facefleet/core";
import { defaultPackName, loadPack, type ModelPack, WeightsFile } from "@facefleet/core/models";
import { l2Normalise } from "@facefleet/matching";
import { describe, expect, it, onTestFinished } from "vitest";
import { floatPack, modelsDir, noFloatPack, skipped } from "../../../tests/support/test-data.js";
import { openCheckedSession } from "../src/embedding/index.js";
import { rowOf } from "../src/engines/index.js";
import { presentEngines, startEngine } from "./pipeline-under-test.js";

const packs = [defaultPackName, ...(skipped("the check of the float32 pack", noFloatPack) ? [] : [floatPack])];

/** An engine that knows only some of its ways to compute integers. */
function only(engine: InferenceEngine, arithmetics: readonly Arithmetic[]): InferenceEngine {
  return new Proxy(engine, { get: (of, name) => (name === "arithmetics" ? arithmetics : Reflect.get(of, name, of)) });
}

/** A pack one byte of whose weights is another. */
async function damaged(tensor: string): Promise<ModelPack> {
  const pack = await loadPack(modelsDir);
  const folder = await mkdtemp(join(tmpdir(), "facefleet-pack-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "weights.safetensors");
  await copyFile(pack.weights.path, path);
  const file = await open(path, "r+");
  // The last byte of the first number: its sign and most of its exponent.
  await file.write(Uint8Array.of(0x3f), 0, 1, pack.weights.tensors.get(tensor)!.byteOffset + 3);
  await file.close();
  return { ...pack, weights: await WeightsFile.open(path) };
}

describe("what a pack's own crops must give", () => {
  const ways = presentEngines.flatMap((engine): { engine: EngineName; arithmetic: Arithmetic }[] => [
    ...(engine === "onnx-cpu" ? [{ engine, arithmetic: "int8-widened" } as const] : []),
    { engine, arithmetic: "float32" },
  ]);

  it.each(ways)("comes of $engine by $arithmetic, to the last bits of float32", async ({ engine, arithmetic }) => {
    for (const name of packs) {
      const pack = await loadPack(modelsDir, name);
      const { session, ...opened } = await openCheckedSession(only(await startEngine(engine), [arithmetic]), pack);
      const isQuantised = name === defaultPackName;
      expect(opened).toEqual({ arithmetic: isQuantised ? arithmetic : "float32", refusals: [] });
      const { mean, scale } = pack.manifest.embedder.standardisation;
      const data = pack.weights.read("check/crops").map((pixel) => (pixel - mean) / scale);
      const faces = data.length / (160 * 160 * 3);
      expect(faces).toBeGreaterThanOrEqual(3);
      const expected = pack.weights.read("check/embeddings");
      // One by one, while the check runs them together.
      for (let face = 0; face < faces; face++) {
        const crop = data.slice(face * 160 * 160 * 3, (face + 1) * 160 * 160 * 3);
        const { embedding } = await session.run({ data: crop, shape: [1, 160, 160, 3] });
        const differences = l2Normalise(rowOf(embedding, 0)).map((v, i) => Math.abs(v - expected[face * 512 + i]!));
        expect(Math.max(...differences)).toBeLessThan(1e-5);
      }
      await session.close();
      pack.weights.close();
    }
  });

  it("is computed by the fastest arithmetic of an engine that gives it", async () => {
    const pack = await loadPack(modelsDir);
    const { session, arithmetic, refusals } = await openCheckedSession(await startEngine("onnx-cpu"), pack);
    // Which it is depends on the processor; those before it were tried, and say what was wrong.
    const before = ["int8", "int8-widened", "float32"].indexOf(arithmetic);
    expect(refusals.map((refusal) => refusal.split(":")[0])).toEqual(
      ["not by int8", "not by int8-widened"].slice(0, before),
    );
    await session.close();
    pack.weights.close();
  });
});

describe("an engine that computes something else", () => {
  it.each([
    ["facenet/Block35_1/quantisation", "a quantised map's scale"],
    ["facenet/Block17_3_Branch_1_Conv2d_0b_1x7/scale", "one channel's scale"],
    ["facenet/Bottleneck/bias", "a bias of the last layer"],
  ])("is refused with one sentence: %s", async (tensor) => {
    const pack = await damaged(tensor);
    const opening = openCheckedSession(await startEngine("onnx-cpu"), pack);
    await expect(opening).rejects.toThrow(
      /^Expected engine onnx-cpu to embed the faces that pack .* brings: not by int8: .*; not by int8-widened: .*; not by float32: the check .* expects a cosine of 0.999 but it is -?0/,
    );
    pack.weights.close();
  });

  it("is asked for a slower arithmetic when only its kernels are wrong", async () => {
    const [pack, other, engine] = [
      await loadPack(modelsDir),
      await damaged("facenet/Block35_1_Conv2d_1x1/scale"),
      await startEngine("onnx-cpu"),
    ];
    const wrongKernels: InferenceEngine = new Proxy(only(engine, ["int8", "float32"]), {
      get: (of, name) =>
        name === "compile"
          ? (network: never, weights: WeightsFile, arithmetic: Arithmetic) =>
              engine.compile(network, arithmetic === "int8" ? other.weights : weights, arithmetic)
          : Reflect.get(of, name, of),
    });
    const { session, arithmetic, refusals } = await openCheckedSession(wrongKernels, pack);
    expect(arithmetic).toBe("float32");
    expect(refusals).toEqual([
      expect.stringMatching(/^not by int8: the check of pack .* expects a cosine of 0.99999 but it is /),
    ]);
    await session.close();
    for (const opened of [pack, other]) opened.weights.close();
  });
});
