import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/models/temporary-folder.js";
import { counting } from "../../test/models/tiny-pack.js";
import { sha256OfFile } from "./file-digest.js";
import { type NamedTensor, writeSafetensors } from "./safetensors.js";
import { WeightsFile } from "./weights-file.js";

const tensors: NamedTensor[] = [
  ["a/kernel", { shape: [2, 3], data: counting([2, 3]) }],
  ["a/bias", { shape: [3], data: new Float32Array([-1, 0.5, Number.MAX_VALUE]) }],
  ["b/bias", { shape: [2], data: new Int32Array([-(2 ** 31), 7]) }],
  ["b/kernel", { shape: [3, 1], data: new Int8Array([-128, 0, 127]) }],
  ["pixels", { shape: [1, 2], data: new Uint8Array([0, 255]) }],
];

const newFile = async () => join(await temporaryFolder(), "weights.safetensors");

describe("writeSafetensors", () => {
  it("writes what WeightsFile reads", async () => {
    const path = await newFile();
    await writeSafetensors(path, tensors);
    const weights = await WeightsFile.open(path);
    expect([...weights.tensors.keys()]).toEqual(["a/kernel", "a/bias", "b/bias", "b/kernel", "pixels"]);
    expect(weights.tensors.get("a/kernel")!.shape).toEqual([2, 3]);
    for (const [name, tensor] of tensors) {
      expect(weights.tensor(name)).toEqual(tensor);
      expect(weights.read(name)).toEqual(Float32Array.from(tensor.data));
    }
    expect(() => weights.read("b")).toThrow("Expected a tensor named b");
    weights.close();
  });

  it("says the size and the sha256 of what it wrote", async () => {
    const path = await newFile();
    const written = await writeSafetensors(path, tensors);
    expect(written).toEqual({ bytes: (await readFile(path)).length, sha256: await sha256OfFile(path) });
  });

  it("keeps to the format: a little-endian header length, JSON, aligned data without gaps", async () => {
    const path = await newFile();
    await writeSafetensors(path, tensors);
    const bytes = await readFile(path);
    const headerBytes = Number(bytes.readBigUInt64LE());
    expect((8 + headerBytes) % 64).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes))).toEqual({
      "a/kernel": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      "a/bias": { dtype: "F32", shape: [3], data_offsets: [24, 36] },
      "b/bias": { dtype: "I32", shape: [2], data_offsets: [36, 44] },
      "b/kernel": { dtype: "I8", shape: [3, 1], data_offsets: [44, 47] },
      pixels: { dtype: "U8", shape: [1, 2], data_offsets: [47, 49] },
    });
    expect(bytes.length).toBe(8 + headerBytes + 49);
  });

  it("puts larger numbers first, so that each tensor is aligned", async () => {
    const path = await newFile();
    await writeSafetensors(path, tensors.toReversed());
    const weights = await WeightsFile.open(path);
    const dtypes = [...weights.tensors.values()].map(({ dtype }) => dtype);
    expect(dtypes).toEqual(["I32", "F32", "F32", "U8", "I8"]);
    for (const { dtype, byteOffset } of weights.tensors.values()) {
      expect(byteOffset % { F32: 4, I32: 4, I8: 1, U8: 1 }[dtype]).toBe(0);
    }
    weights.close();
  });
});

describe("WeightsFile.open", () => {
  it("refuses a file that was cut short", async () => {
    const path = await newFile();
    const { bytes } = await writeSafetensors(path, tensors);
    for (const size of [bytes - 1, 100, 5, 0]) {
      await truncate(path, size);
      await expect(WeightsFile.open(path)).rejects.toThrow("it is damaged");
    }
  });

  it("refuses another kind of file", async () => {
    const path = await newFile();
    await writeFile(path, "<!doctype html><title>not found</title>");
    await expect(WeightsFile.open(path)).rejects.toThrow("it is damaged");
  });
});
