import { expect, it } from "vitest";
import { encodeNpy, makeTinyPack, type TinyPack } from "../../test/models/tiny-pack.js";
import { convertPack } from "./convert.js";
import type { Tensor, TensorData } from "./tensor.js";

async function convert({ manifest, files }: TinyPack): Promise<Map<string, Tensor<TensorData>>> {
  const tensors = new Map<string, Tensor<TensorData>>();
  const read = async (source: { mirrorPath: string }, path: string) => files.get(source.mirrorPath + path)!;
  for await (const [name, tensor] of convertPack(manifest, read)) tensors.set(name, tensor);
  return tensors;
}

it("names every tensor and gives it its canonical shape", async () => {
  const shapes = [...(await convert(makeTinyPack()))].map(([name, { shape }]) => [name, shape]);
  expect(Object.fromEntries(shapes)).toEqual({
    "facenet/Conv2d_1a_3x3/kernel": [2, 5, 3, 4],
    "facenet/Conv2d_1a_3x3/bias": [2],
    "facenet/Bottleneck/kernel": [3, 2, 1, 1],
    "facenet/Bottleneck/bias": [3],
    "pnet/conv1/kernel": [2, 1, 3, 2],
    "pnet/conv1/bias": [2],
    "pnet/prelu1/alpha": [2],
    "rnet/fc1/kernel": [4, 2, 3, 3],
  });
});

it("turns FaceNet's OHWI into OIHW", async () => {
  const { data } = (await convert(makeTinyPack())).get("facenet/Conv2d_1a_3x3/kernel")!;
  // [o=1][i=4][y=2][x=3] was the very last number, [o=1][i=0][y=0][x=0] the first of the second half.
  expect(data[((1 * 5 + 4) * 3 + 2) * 4 + 3]).toBe(119);
  expect(data[1 * 5 * 3 * 4]).toBe(60);
  // [o=0][i=1][y=2][x=3] came from [o=0][y=2][x=3][i=1].
  expect(data[(1 * 3 + 2) * 4 + 3]).toBe((2 * 4 + 3) * 5 + 1);
});

it("swaps the spatial axes of MTCNN's kernels", async () => {
  const { data } = (await convert(makeTinyPack())).get("pnet/conv1/kernel")!;
  // What was [h][w][in][out] of [2, 3, 1, 2] is read at [out][in][y=w][x=h].
  for (let o = 0; o < 2; o++)
    for (let y = 0; y < 3; y++) for (let x = 0; x < 2; x++) expect(data[(o * 3 + y) * 2 + x]).toBe((x * 3 + y) * 2 + o);
});

it("makes a kernel of the fully connected layer that covers a 3x3 map", async () => {
  const { data } = (await convert(makeTinyPack())).get("rnet/fc1/kernel")!;
  for (let o = 0; o < 4; o++)
    for (let c = 0; c < 2; c++)
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 3; x++) expect(data[((o * 2 + c) * 3 + y) * 3 + x]).toBe(((x * 3 + y) * 2 + c) * 4 + o);
});

it("refuses a file that no tensor's name fits, and a kernel of another rank", async () => {
  const { manifest } = makeTinyPack();
  const withFile = (path: string) => {
    const facenet = { ...manifest.sources[0]!, files: [{ path, bytes: 0, sha256: "" }] };
    return convert({
      manifest: { ...manifest, sources: [facenet] },
      files: new Map([[`facenet/${path}`, encodeNpy([2, 2, 2])]]),
    });
  };
  await expect(withFile("notes.txt")).rejects.toThrow("received notes.txt");
  await expect(withFile("Conv2d_1a_3x3_kernel.npy")).rejects.toThrow("received [2,2,2]");
});
