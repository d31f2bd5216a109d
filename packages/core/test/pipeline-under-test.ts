import { defaultMaxPixels } from "@facefleet/contracts";
import {
  type AnalysisOptions,
  createEngine,
  type EngineName,
  FacePipeline,
  type ImageMemory,
  type PipelineLimits,
} from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import { demandedEngines, modelsDir, noTfjsNode, skipped, tfjsNodeDir } from "../../../tests/support/test-data.js";

/**
 * The engines that are here: two run wherever the npm packages do, tfjs-node where its addon was built, and those
 * of a GPU where whoever runs the tests says that there is one. Each of them must then start.
 */
export const presentEngines: readonly EngineName[] = [
  "onnx-cpu",
  "tfjs-wasm",
  ...(skipped("the engine tfjs-node", noTfjsNode) ? [] : (["tfjs-node"] as const)),
  ...(demandedEngines as EngineName[]),
];

export const startEngine = async (name: EngineName) => (await createEngine(name, { tfjsNodeDir })).engine;

export const everyFace: AnalysisOptions = {
  minFaceSize: 20,
  minConfidence: 0.9,
  maxFaces: 1000,
  order: "confidence",
  embed: true,
};

/** A pipeline on a pack, the built-in one unless told, with the engine it runs on. */
export async function openPipeline(
  engineName: EngineName,
  { memory, ...own }: Partial<PipelineLimits> & { memory?: ImageMemory } = {},
  packName?: string,
) {
  const pack = await loadPack(modelsDir, packName);
  const engine = await startEngine(engineName);
  const usual = { maxPixels: defaultMaxPixels, maxBatchSize: 16, maxQueueDelayMs: 0 };
  const limits = { ...usual, ...own };
  const pipeline = await FacePipeline.create({ pack, engine, limits, ...(memory && { memory }) });
  await pipeline.warmUp();
  return { engine, pack, pipeline };
}

/** The cosine of two vectors of length 1. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
