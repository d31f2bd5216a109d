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
  process.stderr.write(`SKIPPED: pulling the default pack: no weights in ${mirror} (set FACEFLEET_TEST_DATA)\n`);

it.skipIf(noMirror)("the default pack is pulled from a mirror, complete", async () => {
  const modelsDir = await temporaryFolder();
  expect((await listPacks(modelsDir))[0]).toMatchObject({ state: "missing" });
  await pullPack({ modelsDir, mirror });
  await verifyPack(modelsDir);
  expect((await listPacks(modelsDir))[0]).toMatchObject({ state: "ready" });

  const { weights, manifest } = await loadPack(modelsDir);
  const names = [...weights.tensors.keys()];
  const count = (network: string) => names.filter((name) => name.startsWith(`${network}/`)).length;
  expect([count("facenet"), count("pnet"), count("rnet"), count("onet")]).toEqual([266, 13, 16, 21]);
  expect(names).toHaveLength(316);
  // Every number of the upstream files is there: 4 bytes each, less the .npy headers of 128 and the mtcnn manifest.
  const numbers = [...weights.tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
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
  for (const name of names) expect(weights.read(name).every(Number.isFinite), name).toBe(true);
  weights.close();
});

it("a pack that was not pulled is refused with the command that pulls it", async () => {
  await expect(loadPack(await temporaryFolder())).rejects.toThrow('run "facefleet models pull"');
  await expect(loadPack(await temporaryFolder(), "other")).rejects.toThrow("Expected one of facenet-20180402-114759");
});
