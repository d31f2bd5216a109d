import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { convertYunet } from "@facefleet/core/yunet-weights";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { modelMirror, noYunetOnnx, portrait, skipped } from "../../../tests/support/test-data.js";
import type { Tensor } from "../src/engines/index.js";
import { decodeImage } from "../src/imaging/index.js";
import { yunetWeights } from "../src/models/detectors/yunet.js";
import { openBuiltIn } from "../src/models/model-pack.js";
import { weightsPath } from "../src/models/weights-path.js";
import { yunet } from "../src/nets/index.js";
import { presentEngines, startEngine } from "./pipeline-under-test.js";
import { weightsOf } from "./weights-of.js";

const strides = [8, 16, 32] as const;
const onnxFile = () => readFile(join(modelMirror, "yunet", "yunet_n_dynamic.onnx"));

/** A corner of an image, as two images of height x width x RGB: as it is, and with black and white swapped. */
async function pictures(): Promise<Tensor> {
  const [height, width] = [160, 224];
  const image = await decodeImage(await portrait());
  const data = new Float32Array(2 * height * width * 3);
  const half = data.length / 2;
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < width * 3; i++) {
      const value = image.data[y * image.width * 3 + i]!;
      data[y * width * 3 + i] = value;
      data[half + y * width * 3 + i] = 255 - value;
    }
  }
  return { data, shape: [2, height, width, 3] };
}

/** What the authors' file makes of them: of each cell, and each stride, face, centre, box and landmarks. */
async function reference({ data, shape: [batch, height, width] }: Tensor) {
  const planes = new Float32Array(data.length);
  const area = height * width;
  for (let i = 0; i < batch * area; i++) {
    const at = Math.floor(i / area) * area * 3 + (i % area);
    for (const channel of [0, 1, 2]) planes[at + channel * area] = data[i * 3 + 2 - channel]!;
  }
  const session = await InferenceSession.create(await onnxFile());
  onTestFinished(() => session.release());
  const outputs = await session.run({ input: new OrtTensor("float32", planes, [batch, 3, height, width]) });
  const numbers = (name: string) => outputs[name]!.data as Float32Array;
  return strides.map((stride) => ({
    face: numbers(`cls_${stride}`),
    centre: numbers(`obj_${stride}`),
    box: numbers(`bbox_${stride}`),
    landmarks: numbers(`kps_${stride}`),
  }));
}

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));
const columns = (data: Float32Array, from: number, to: number) => data.filter((_, i) => i % 16 >= from && i % 16 < to);

function largestDifference(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  return actual.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i]!)), 0);
}

describe.skipIf(skipped("YuNet against its authors' file", noYunetOnnx))("YuNet", () => {
  it("has the weights that the authors' file has, the same bytes each time", async () => {
    const made = await weightsOf(convertYunet(await onnxFile()));
    const [bytes, builtIn] = await Promise.all(
      [made.path, weightsPath("", yunetWeights)].map((path) => readFile(path)),
    );
    expect(bytes!.equals(builtIn!)).toBe(true);
    const numbers = [...made.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength / 4, 0);
    expect(numbers).toBe(73_840);
  });

  it("is made of the authors' file only", async () => {
    const other = Buffer.from(await onnxFile());
    other[1000]! ^= 1;
    expect(() => convertYunet(other)).toThrow(/Expected sha256 104ee26c.* but received/);
  });

  it.each(presentEngines)("answers on %s what the authors' file answers", async (name) => {
    const input = await pictures();
    const expected = await reference(input);
    const weights = await openBuiltIn(yunetWeights);
    onTestFinished(() => weights.close());
    const engine = await startEngine(name);
    const session = await engine.compile(yunet, weights);
    const answers = await session.run(input);
    for (const [i, stride] of strides.entries()) {
      const { data, shape } = answers[`stride${stride}`];
      expect(shape).toEqual([2, 160 / stride, 224 / stride, 16]);
      const { face, centre, box, landmarks } = expected[i]!;
      expect(largestDifference(columns(data, 0, 1).map(sigmoid), face)).toBeLessThan(1e-5);
      expect(largestDifference(columns(data, 1, 2).map(sigmoid), centre)).toBeLessThan(1e-5);
      expect(largestDifference(columns(data, 2, 6), box)).toBeLessThan(1e-4);
      expect(largestDifference(columns(data, 6, 16), landmarks)).toBeLessThan(1e-4);
      // A face is there: numbers that are all alike would agree, too.
      if (stride === 32) expect(Math.max(...face)).toBeGreaterThan(0.5);
    }
    await session.close();
    if (name.startsWith("tfjs")) expect(engine.tensorCount()).toBe(0);
  });
});
