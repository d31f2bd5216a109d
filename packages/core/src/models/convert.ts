import { parseNpy } from "./npy.js";
import { PackError } from "./pack-error.js";
import type { PackManifest, PackOrigin, PackSource } from "./pack-manifest.js";
import type { NamedTensor } from "./safetensors.js";
import { permuteAxes, reshape, type Tensor } from "./tensor.js";
import { parseTfjsWeights } from "./tfjs-weights.js";
import { WeightsFile } from "./weights-file.js";
import { builtInPath } from "./weights-path.js";

/** Gives the bytes of an upstream file by its path. */
type ReadFile = (path: string) => Promise<Buffer>;

const converters = {
  "facenet-npy": convertFacenet,
  "mtcnn-tfjs": convertMtcnn,
} satisfies Record<PackSource["format"], (source: PackSource, read: ReadFile) => AsyncGenerator<NamedTensor>>;

/**
 * Every tensor of a pack, those of its upstream files in their canonical form: float32, kernels `[out, in, height, width]`
 * (OIHW), for images as they stand. Fully connected layers are kernels too, as wide and high as the map they cover.
 *
 * @param read gives the bytes of a source's file.
 */
export async function* convertPack(
  manifest: PackManifest,
  read: (source: PackSource, path: string) => Promise<Buffer>,
): AsyncGenerator<NamedTensor> {
  for (const source of manifest.sources) {
    yield* converters[source.format](source, (path) => read(source, path));
  }
  if (manifest.origin.kind === "upstream") yield* borrowedTensors(manifest.origin);
}

async function* borrowedTensors({ borrowed }: Extract<PackOrigin, { kind: "upstream" }>): AsyncGenerator<NamedTensor> {
  if (Object.keys(borrowed.tensors).length === 0) return;
  const lender = await WeightsFile.open(builtInPath(borrowed.from));
  try {
    for (const [here, there] of Object.entries(borrowed.tensors)) yield [here, lender.tensor(there)];
  } finally {
    lender.close();
  }
}

const facenetFile = /^(?<layer>.+?)_(?:(?<kernel>kernel|kernel_transpose)|Conv2D_bias|MatMul_bias)\.npy$/;

/** Kernels come as OHWI, and that of the bottleneck as [out, in]. */
async function* convertFacenet(source: PackSource, read: ReadFile): AsyncGenerator<NamedTensor> {
  for (const { path } of source.files) {
    const { layer, kernel } = facenetFile.exec(path)?.groups ?? {};
    if (layer === undefined) throw new PackError(`Expected the name of a FaceNet tensor but received ${path}`);
    const tensor = parseNpy(await read(path), path);
    yield kernel === undefined
      ? [`facenet/${layer}/bias`, tensor]
      : [`facenet/${layer}/kernel`, permuteAxes(asOhwi(tensor), [0, 3, 1, 2])];
  }
}

function asOhwi(tensor: Tensor): Tensor {
  if (tensor.shape.length === 4) return tensor;
  const [outputs, inputs] = expectRank(tensor, 2);
  return reshape(tensor, [outputs!, 1, 1, inputs!]);
}

const tfjsManifestPath = /weights_manifest\.json$/;

async function* convertMtcnn(source: PackSource, read: ReadFile): AsyncGenerator<NamedTensor> {
  const manifest = source.files.find(({ path }) => tfjsManifestPath.test(path));
  if (manifest === undefined)
    throw new PackError(`Expected a weights manifest among the files of ${source.name} but found none`);
  for (const [name, tensor] of await parseTfjsWeights(await read(manifest.path), read))
    yield convertMtcnnTensor(name, tensor);
}

/**
 * The weights were trained on transposed images, so what their authors call height is the width here:
 * kernels come as [width, height, in, out].
 */
function convertMtcnnTensor(name: string, tensor: Tensor): NamedTensor {
  if (name.endsWith("/weights")) {
    const layer = name.slice(0, -"/weights".length);
    return [`${layer}/kernel`, permuteAxes(asWhio(layer, tensor), [3, 2, 1, 0])];
  }
  return [name.replace(/_alpha$/, "/alpha"), tensor];
}

/** The side of the map that a fully connected layer covers, where it is not a single position. */
const coveredMapSide: Readonly<Record<string, number>> = { "rnet/fc1": 3, "onet/fc1": 3 };

function asWhio(layer: string, tensor: Tensor): Tensor {
  if (tensor.shape.length === 4) return tensor;
  const [inputs, outputs] = expectRank(tensor, 2);
  const side = coveredMapSide[layer] ?? 1;
  return reshape(tensor, [side, side, inputs! / side ** 2, outputs!]);
}

function expectRank({ shape }: Tensor, rank: number): readonly number[] {
  if (shape.length !== rank) throw new PackError(`Expected ${rank} or 4 axes for a kernel but received [${shape}]`);
  return shape;
}
