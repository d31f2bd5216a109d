import { defaultMaxPixels } from "@facefleet/contracts";
import { type AnalysisOptions, type BatchReport, createEngineThread, FacePipeline } from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import type { BenchContext } from "../bench-context.js";

export interface OpenPipeline {
  readonly pipeline: FacePipeline;
  close(): Promise<void>;
}

/** The worker's own limits. */
const limits = { maxPixels: defaultMaxPixels, maxBatchSize: 16, maxQueueDelayMs: 0 };

/** What a job of task `embed` asks for when it names no options. */
export const embedOptions: AnalysisOptions = {
  minFaceSize: 20,
  minConfidence: 0.9,
  maxFaces: 100,
  order: "prominence",
  quality: true,
  embed: true,
};

/** The pipeline as the worker runs it, warm, in this process. */
export async function openPipeline(
  {
    pack: name,
    modelsDir,
    tfjsNodeDir,
    engine: choice,
  }: Pick<BenchContext, "pack" | "modelsDir" | "tfjsNodeDir" | "engine">,
  onBatch: (report: BatchReport) => void = () => {},
): Promise<OpenPipeline> {
  const { engine } = await createEngineThread(choice, { tfjsNodeDir });
  const pack = await loadPack(modelsDir, name);
  const pipeline = await FacePipeline.create({ pack, engine, limits, onBatch });
  await pipeline.warmUp();
  return {
    pipeline,
    async close() {
      await pipeline.close();
      pack.weights.close();
    },
  };
}
