import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { listPacks, loadPack, pullPack, verifyPack } from "../../src/models/index.js";
import { elementCount } from "../../src/models/tensor.js";
import { temporaryFolder } from "./temporary-folder.js";

// biome-ignore lint/style/noProcessEnv: tests learn here where the real weights are
const testData = process.env.FACEFLEET_TEST_DATA || resolve(import.meta.dirname, "../../../../../shared");
const mirror = join(testData, "models");
const noMirror = !existsSync(mirror);
if (noMirror)
  process.stderr.write(`SKIPPED: pulling the float32 pack: no weights in ${mirror} (set FACEFLEET_TEST_DATA)\n`);

const name = "facenet-20180402-114759";
const stateIn = async (modelsDir: string) => (await listPacks(modelsDir)).find((pack) => pack.name === name)?.state;

it.skipIf(noMirror)("the float32 pack is pulled from a mirror, complete", async () => {
  const modelsDir = await temporaryFolder();
  expect(await stateIn(modelsDir)).toBe("missing");
  await pullPack({ name, modelsDir, mirror });
  await verifyPack(modelsDir, name);
  expect(await stateIn(modelsDir)).toBe("ready");

  const { weights, manifest } = await loadPack(modelsDir, name);
  const names = [...weights.tensors.keys()];
  const count = (network: string) => names.filter((name) => name.startsWith(`${network}/`)).length;
  expect([count("facenet"), count("pnet"), count("rnet"), count("onet")]).toEqual([266, 13, 16, 21]);
  expect([count("mean"), count("check")]).toEqual([2, 2]);
  expect(names).toHaveLength(320);
  // Every number of the upstream files is there: 4 bytes each, less the .npy headers of 128 and the mtcnn manifest.
  const ofNetworks = [...weights.tensors].filter(([tensor]) => !/^(mean|check)\//.test(tensor));
  const numbers = ofNetworks.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
  const [facenet, mtcnn] = manifest.sources;
  const upstream = facenet!.files.reduce((sum, { bytes }) => sum + bytes - 128, 0) + mtcnn!.files[0]!.bytes;
  expect(numbers * 4).toBe(upstream);

  const shapeOf = (name: string) => weights.tensors.get(name)?.shape;
  expect(shapeOf("facenet/Conv2d_1a_3x3/kernel")).toEqual([32, 3, 3, 3]);
  expect(shapeOf("facenet/Block17_10_Branch_1_Conv2d_0b_1x7/kernel")).toEqual([128, 128, 1, 7]);
  expect(shapeOf("facenet/Block17_10_Branch_1_Conv2d_0c_7x1/kernel")).toEqual([128, 128, 7, 1]);
  expect(shapeOf("facenet/Bottleneck/kernel")).toEqual([512, 1792, 1, 1]);
  expect(shapeOf("rnet/fc1/kernel")).toEqual([128, 64, 3, 3]);
  expect(shapeOf("onet/fc1/kernel")).toEqual([256, 128, 3, 3]);
  expect(shapeOf("onet/fc2_3/kernel")).toEqual([10, 256, 1, 1]);
  expect(shapeOf("onet/prelu5/alpha")).toEqual([256]);
  for (const tensor of names) expect(weights.read(tensor).every(Number.isFinite), tensor).toBe(true);
  weights.close();
});

it("a pack that was not pulled is refused with the commands that bring it", async () => {
  await expect(loadPack(await temporaryFolder(), name)).rejects.toThrow(
    `run "facefleet models pull ${name}" or "facefleet models import <file>"`,
  );
  await expect(loadPack(await temporaryFolder(), "other")).rejects.toThrow(
    `Expected one of ${name}-int8, ${name} for the model pack but received other`,
  );
});

it("the built-in pack is there without pulling, whole, and never pulled", async () => {
  const modelsDir = await temporaryFolder();
  const [builtIn] = await listPacks(modelsDir);
  expect(builtIn).toMatchObject({ name: `${name}-int8`, origin: "built-in", state: "ready" });
  await verifyPack(modelsDir);
  expect(await pullPack({ modelsDir, mirror: "http://127.0.0.1:9/" })).toEqual({ path: builtIn!.path, pulled: false });
});
