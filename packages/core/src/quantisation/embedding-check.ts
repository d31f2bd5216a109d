import type { InferenceEngine } from "../engines/index.js";
import type { ModelPack, NamedTensor } from "../models/index.js";
import { embedCrops } from "./embed-crops.js";

/** Crops as the bytes that a pack keeps them as. */
export function cropPixels({ manifest }: Pick<ModelPack, "manifest">, crops: readonly Float32Array[]): NamedTensor[1] {
  const { inputSize, standardisation } = manifest.embedder;
  const { mean, scale } = standardisation;
  const pixels = crops.flatMap((crop) => [...crop].map((value) => value * scale + mean));
  return { shape: [crops.length, inputSize, inputSize, 3], data: Uint8Array.from(pixels) };
}

/** What the pack's network makes of crops: what every engine must come to. */
export async function checkEmbeddings(
  engine: InferenceEngine,
  pack: ModelPack,
  crops: readonly Float32Array[],
): Promise<NamedTensor[1]> {
  const embeddings = await embedCrops(engine, pack, crops);
  const shape = [crops.length, pack.manifest.embedder.dimensions];
  return { shape, data: Float32Array.from(embeddings.flatMap((embedding) => [...embedding])) };
}
