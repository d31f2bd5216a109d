import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InferenceEngine } from "../engines/index.js";
import { type ModelPack, type NamedTensor, WeightsFile, writeSafetensors } from "../models/index.js";
import { embedders } from "../nets/index.js";
import { observeActivations } from "./activations.js";
import { batchesOf } from "./embed-crops.js";
import { checkEmbeddings, cropPixels } from "./embedding-check.js";
import type { InputGrid } from "./exact-layer.js";
import { meanEmbeddings } from "./mean-embeddings.js";
import { observedFaces } from "./observed-faces.js";
import { type FaceCrops, PhotoCrops } from "./photo-crops.js";
import { quantiseWeights } from "./quantise-weights.js";

export interface QuantisationProgress {
  readonly step: "faces" | "activations" | "means";
  readonly done: number;
  readonly total: number;
}

export interface QuantisedPackOptions {
  /** What computes the figures. Of one engine that adds in the same order everywhere the pack has the same bytes. */
  readonly engine: InferenceEngine;
  /** float32 weights, with the manifest of the pack that is made of them. */
  readonly pack: ModelPack;
  /** Photos of many people, one face of each: the means are of all of them, the activations of some. */
  readonly photos: readonly (() => Promise<Uint8Array>)[];
  /** Photos whose every face the pack brings along, so that engines are checked on it. */
  readonly checkPhotos: readonly Uint8Array[];
  readonly onProgress?: (progress: QuantisationProgress) => void;
}

/**
 * The tensors of a pack whose embedder is in 8 bits, and what its float32 twin borrows of it.
 *
 * @throws ProblemError for a file that is no photo; Error when the photos show no face.
 */
export async function quantisedPack(options: QuantisedPackOptions): Promise<NamedTensor[]> {
  const { engine, pack, onProgress } = options;
  const embedder = embedders[pack.manifest.embedder.name];
  const { photoFaces, checkFaces } = await cutFaces(options);
  const chosen = observedFaces(
    photoFaces.map((face) => face.margin),
    pack.manifest,
  );
  const activations = await observeActivations(engine, embedder, pack.weights, batchesOf(pack, chosen), (done) =>
    onProgress?.({ step: "activations", done, total: chosen.length }),
  );
  const tensors = [
    ...quantiseWeights(embedder, pack.weights, activations, inputGrid(pack)),
    ...detectorTensors(pack.weights),
    ...(await meanEmbeddings(engine, pack, photoFaces, (done) =>
      onProgress?.({ step: "means", done, total: 2 * photoFaces.length }),
    )),
  ];
  const embeddings = await withWeights(tensors, (weights) => checkEmbeddings(engine, { ...pack, weights }, checkFaces));
  return [
    ...tensors,
    ["check/crops", cropPixels(pack, checkFaces)],
    ["check/embeddings", embeddings],
    ["check/float32-embeddings", await checkEmbeddings(engine, pack, checkFaces)],
  ];
}

async function cutFaces({ engine, pack, photos, checkPhotos, onProgress }: QuantisedPackOptions) {
  const crops = await PhotoCrops.open(engine, pack);
  const photoFaces: FaceCrops[] = [];
  for (const [i, photo] of photos.entries()) {
    const face = await crops.mostProminentFace(await photo());
    if (face) photoFaces.push(face);
    onProgress?.({ step: "faces", done: i + 1, total: photos.length });
  }
  const checkFaces: Float32Array[] = [];
  for (const photo of checkPhotos) checkFaces.push(...(await crops.everyFace(photo)).map((face) => face.margin));
  await crops.close();
  if (photoFaces.length > 0 && checkFaces.length > 0) return { photoFaces, checkFaces };
  throw new Error(
    `Expected faces on the photos but found ${photoFaces.length} to measure and ${checkFaces.length} to check`,
  );
}

/** Whole pixels less a mean that lies between two of them: multiples of half a pixel. */
function inputGrid({ manifest }: ModelPack): InputGrid {
  const { mean, scale } = manifest.embedder.standardisation;
  return { step: 1 / (2 * scale), max: mean / scale };
}

function detectorTensors(weights: WeightsFile): NamedTensor[] {
  const names = [...weights.tensors.keys()].filter((name) => /^[pro]net\//.test(name));
  return names.map((name) => [name, weights.tensor(name)]);
}

/** Has tensors used as the weights file that they will be. */
async function withWeights<T>(tensors: readonly NamedTensor[], use: (weights: WeightsFile) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "facefleet-pack-"));
  try {
    const path = join(folder, "weights.safetensors");
    await writeSafetensors(path, tensors);
    const weights = await WeightsFile.open(path);
    try {
      return await use(weights);
    } finally {
      weights.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
