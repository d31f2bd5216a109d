import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { convertPack } from "../../src/models/convert.js";
import type { PackManifest, PackSource } from "../../src/models/pack-manifest.js";
import { facenet20180402 } from "../../src/models/packs/facenet-20180402-114759.js";
import { type NamedTensor, writeSafetensors } from "../../src/models/safetensors.js";
import { elementCount } from "../../src/models/tensor.js";

/** The numbers 0, 1, 2, ... so that a test can say where each one must go. */
export function counting(shape: readonly number[]): Float32Array {
  return Float32Array.from({ length: elementCount(shape) }, (_, index) => index);
}

export function encodeNpy(shape: readonly number[], data = counting(shape), descr = "<f4"): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = Buffer.from(`${dictionary.padEnd(117)}\n`, "latin1");
  const preamble = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]);
  return Buffer.concat([preamble, header, Buffer.from(data.buffer)]);
}

export function encodeTfjs(tensors: Record<string, readonly number[]>): { manifest: Buffer; shard: Buffer } {
  const weights = Object.entries(tensors).map(([name, shape]) => ({ name, shape, dtype: "float32" }));
  return {
    manifest: Buffer.from(JSON.stringify([{ paths: ["shard1"], weights }])),
    shard: Buffer.concat(weights.map(({ shape }) => Buffer.from(counting(shape).buffer))),
  };
}

/** A made-up pack of a few numbers, in the formats of the real one. */
export interface TinyPack {
  readonly manifest: PackManifest;
  /** By the path in a mirror. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export function makeTinyPack(): TinyPack {
  const { manifest: tfjsManifest, shard } = encodeTfjs({
    "pnet/conv1/weights": [2, 3, 1, 2],
    "pnet/conv1/bias": [2],
    "pnet/prelu1_alpha": [2],
    "rnet/fc1/weights": [18, 4],
  });
  const facenet = {
    "Conv2d_1a_3x3_kernel.npy": encodeNpy([2, 3, 4, 5]),
    "Conv2d_1a_3x3_Conv2D_bias.npy": encodeNpy([2]),
    "Bottleneck_kernel_transpose.npy": encodeNpy([3, 2]),
    "Bottleneck_MatMul_bias.npy": encodeNpy([3]),
  };
  const mtcnn = { "tiny-weights_manifest.json": tfjsManifest, shard1: shard };
  const sources = [pinned("facenet", "facenet-npy", facenet), pinned("mtcnn", "mtcnn-tfjs", mtcnn)];
  const files = [...Object.entries(facenet).map(under("facenet/")), ...Object.entries(mtcnn).map(under("mtcnn/"))];
  const origin = { kind: "upstream", borrowed: { from: "", tensors: {} } } as const;
  const weights = { bytes: 0, sha256: "" };
  return { manifest: { ...facenet20180402, name: "tiny", sources, origin, weights }, files: new Map(files) };
}

/** The same pack, knowing what its converted weights must be. */
export async function makePinnedTinyPack(): Promise<TinyPack> {
  const pack = makeTinyPack();
  const folder = await mkdtemp(join(tmpdir(), "facefleet-tiny-"));
  try {
    const tensors: NamedTensor[] = [];
    const read = async ({ mirrorPath }: PackSource, path: string) => pack.files.get(mirrorPath + path)!;
    for await (const tensor of convertPack(pack.manifest, read)) tensors.push(tensor);
    const weights = await writeSafetensors(join(folder, "weights.safetensors"), tensors);
    return { ...pack, manifest: { ...pack.manifest, weights } };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes the files of a pack as a mirror folder. */
export async function writeMirror(folder: string, { files }: TinyPack): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

function pinned(name: string, format: PackSource["format"], files: Record<string, Buffer>): PackSource {
  return {
    name,
    format,
    url: `http://upstream.invalid/${name}/`,
    mirrorPath: `${name}/`,
    licence: "made up",
    files: Object.entries(files).map(([path, bytes]) => ({
      path,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    })),
  };
}

function under(folder: string): (entry: [string, Buffer]) => [string, Buffer] {
  return ([path, bytes]) => [folder + path, bytes];
}
