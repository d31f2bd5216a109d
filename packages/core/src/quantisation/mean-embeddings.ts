import { l2Normalise } from "@facefleet/matching";
import type { InferenceEngine } from "../engines/index.js";
import type { ModelPack, NamedTensor } from "../models/index.js";
import { embedCrops } from "./embed-crops.js";
import type { FaceCrops } from "./photo-crops.js";

/** The mean embedding of each kind that has one subtracted, over faces of many people. */
export async function meanEmbeddings(
  engine: InferenceEngine,
  pack: ModelPack,
  faces: readonly FaceCrops[],
  onDone?: (embeddings: number) => void,
): Promise<NamedTensor[]> {
  const margin = await embedCrops(
    engine,
    pack,
    faces.map((face) => face.margin),
    onDone,
  );
  const aligned = await embedCrops(
    engine,
    pack,
    faces.map((face) => face.aligned),
    (done) => onDone?.(faces.length + done),
  );
  const high = margin.map((embedding, i) => l2Normalise(embedding.map((value, k) => value + aligned[i]![k]!)));
  return [
    ["mean/standard", meanOf(margin)],
    ["mean/high", meanOf(high)],
  ];
}

function meanOf(vectors: readonly Float32Array[]): NamedTensor[1] {
  const dimensions = vectors[0]!.length;
  const component = (k: number) => vectors.reduce((sum, vector) => sum + vector[k]!, 0) / vectors.length;
  return { shape: [dimensions], data: Float32Array.from({ length: dimensions }, (_, k) => component(k)) };
}
