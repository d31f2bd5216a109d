import { l2Normalise } from "@facefleet/matching";
import { type InferenceEngine, rowOf, type Tensor } from "../engines/index.js";
import type { ModelPack } from "../models/index.js";
import { embedders } from "../nets/index.js";

/** Crops in one run. */
const together = 8;

/** What FaceNet with the pack's weights makes of crops, in order, each of length 1. */
export async function embedCrops(
  engine: InferenceEngine,
  pack: ModelPack,
  crops: readonly Float32Array[],
  onDone?: (done: number) => void,
): Promise<Float32Array[]> {
  const session = await engine.compile(embedders[pack.manifest.embedder.name], pack.weights);
  const embeddings: Float32Array[] = [];
  for (const batch of batchesOf(pack, crops)) {
    const { embedding } = await session.run(batch);
    for (let row = 0; row < batch.shape[0]; row++) embeddings.push(l2Normalise(rowOf(embedding, row)));
    onDone?.(embeddings.length);
  }
  await session.close();
  return embeddings;
}

export function* batchesOf(
  { manifest }: Pick<ModelPack, "manifest">,
  crops: readonly Float32Array[],
): Generator<Tensor> {
  const { inputSize } = manifest.embedder;
  for (let i = 0; i < crops.length; i += together) {
    const some = crops.slice(i, i + together);
    const data = new Float32Array(some.length * inputSize * inputSize * 3);
    for (const [k, crop] of some.entries()) data.set(crop, k * crop.length);
    yield { data, shape: [some.length, inputSize, inputSize, 3] };
  }
}
