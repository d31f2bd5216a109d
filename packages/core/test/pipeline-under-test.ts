import {
  type AnalysisOptions,
  createEngine,
  type EngineName,
  FacePipeline,
  type PipelineLimits,
} from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import { modelsDir } from "../../../tests/support/test-data.js";

/** The engines that run wherever the npm packages do. */
export const portableEngines = ["onnx-cpu", "tfjs-wasm"] as const satisfies readonly EngineName[];

export const everyFace: AnalysisOptions = {
  minFaceSize: 20,
  minConfidence: 0.9,
  maxFaces: 1000,
  order: "confidence",
  embed: true,
};

/** A pipeline on the real weights, with the engine it runs on. */
export async function openPipeline(engineName: EngineName, own: Partial<PipelineLimits> = {}) {
  const pack = await loadPack(modelsDir);
  const { engine } = await createEngine(engineName);
  const usual = { maxPixels: 50_000_000, maxBatchSize: 16, maxQueueDelayMs: 0, maxDecodedBytes: 256 * 2 ** 20 };
  const limits = { ...usual, ...own };
  const pipeline = await FacePipeline.create({ pack, engine, limits });
  await pipeline.warmUp();
  return { engine, pack, pipeline };
}

/** The cosine of two vectors of length 1. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
