import { createHash } from "node:crypto";
import { defaultPackName, loadPack, type ModelPack, packManifest, WeightsFile } from "@facefleet/core/models";
import { quantisedPack } from "@facefleet/core/quantisation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnImages } from "../../../tests/support/drawn-images.js";
import { floatPack, modelsDir, noFloatPack, skipped } from "../../../tests/support/test-data.js";
import { openCheckedSession } from "../src/embedding/index.js";
import type { NamedTensor } from "../src/models/index.js";
import { startEngine } from "./pipeline-under-test.js";
import { weightsOf } from "./weights-of.js";

function digestOf(tensors: readonly NamedTensor[]): string {
  const hash = createHash("sha256");
  for (const [name, { shape, data }] of tensors) {
    hash.update(JSON.stringify([name, shape])).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

describe.skipIf(skipped("making a quantised pack", noFloatPack))("a quantised pack", { timeout: 300_000 }, () => {
  let source: ModelPack;
  const { oneFaceSmall, other, twoFaces, noFace } = drawnImages;

  const make = async (engine: "tfjs-wasm" | "onnx-cpu") =>
    await quantisedPack({
      engine: await startEngine(engine),
      pack: { manifest: packManifest(defaultPackName), weights: source.weights },
      photos: [noFace, oneFaceSmall, other],
      checkPhotos: [await twoFaces()],
    });

  beforeAll(async () => {
    source = await loadPack(modelsDir, floatPack);
  });
  afterAll(() => source?.weights.close());

  it("is the same bytes each time, and passes its own check", async () => {
    const [first, second] = [await make("tfjs-wasm"), await make("tfjs-wasm")];
    expect(digestOf(second)).toBe(digestOf(first));
    const byName = new Map(first);
    expect(byName.get("check/crops")).toMatchObject({ shape: [2, 160, 160, 3], data: expect.any(Uint8Array) });
    expect(byName.get("mean/high")?.shape).toEqual([512]);
    const pack: ModelPack = { manifest: packManifest(defaultPackName), weights: await weightsOf(first) };
    const { session, refusals } = await openCheckedSession(await startEngine("onnx-cpu"), pack);
    expect(refusals.filter((refusal) => !refusal.startsWith("not by int8:"))).toEqual([]);
    await session.close();
    // What is not of the embedder is what it was.
    expect(byName.get("onet/conv1/kernel")).toEqual(source.weights.tensor("onet/conv1/kernel"));
  });

  it("is refused for photos without faces", async () => {
    const making = quantisedPack({
      engine: await startEngine("onnx-cpu"),
      pack: { manifest: packManifest(defaultPackName), weights: source.weights },
      photos: [noFace],
      checkPhotos: [await noFace()],
    });
    await expect(making).rejects.toThrow("Expected faces on the photos but found 0 to measure and 0 to check");
  });
});

it("the built-in pack has nothing but what is used", async () => {
  const { weights, manifest } = await loadPack("");
  const names = [...weights.tensors.keys()];
  const count = (prefix: string) => names.filter((name) => name.startsWith(prefix)).length;
  expect([count("pnet/"), count("rnet/"), count("onet/"), count("mean/"), count("check/")]).toEqual([13, 16, 21, 2, 3]);
  expect(count("facenet/") + 55).toBe(names.length);
  expect(weights.tensors.get("facenet/Block17_10_Branch_1_Conv2d_0c_7x1/kernel")).toMatchObject({ dtype: "I8" });
  for (const layer of ["Conv2d_1a_3x3", "Bottleneck"]) {
    expect(weights.tensors.get(`facenet/${layer}/kernel`)?.dtype).toBe("F32");
  }
  expect((await WeightsFile.open(weights.path)).tensors.size).toBe(names.length);
  expect(manifest.origin.kind).toBe("built-in");
  weights.close();
});
