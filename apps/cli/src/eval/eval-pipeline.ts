import { type DetectorName, defaultMaxPixels, usualDetector } from "@facefleet/contracts";
import {
  type AnalysisOptions,
  createEngine,
  type EmbeddingKind,
  type EngineChoice,
  FacePipeline,
} from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";

/** Images given to the pipeline at once: twice its batch, so that the next batch is ready when one ends. */
export const imagesAtOnce = 32;

/** Which pipeline the figures of a report are about. */
export interface EvaluatedPipeline {
  readonly engine: string;
  readonly device: string;
  readonly arithmetic: string;
  readonly pack: string;
  readonly detector: string;
  readonly fingerprint: string;
}

export interface EvalPipeline {
  readonly pipeline: FacePipeline;
  readonly detector: DetectorName;
  /** How faces are embedded. */
  readonly embedding: EmbeddingKind;
  readonly about: EvaluatedPipeline;
  close(): Promise<void>;
}

/** Every face that the detector reports, the most prominent one first. */
export const everyFace: Omit<AnalysisOptions, "embed"> = {
  minFaceSize: 20,
  minConfidence: 0,
  maxFaces: 1000,
  order: "prominence",
};

export interface EvalPipelineOptions {
  readonly pack: string;
  readonly modelsDir: string;
  readonly engine: EngineChoice;
  readonly tfjsNodeDir: string;
  /** `mtcnn` unless told. */
  readonly detector?: DetectorName;
  readonly embedding?: EmbeddingKind;
}

/** The pipeline as the worker runs it, in this process. */
export async function openEvalPipeline(options: EvalPipelineOptions): Promise<EvalPipeline> {
  const {
    pack: name,
    modelsDir,
    engine: choice,
    tfjsNodeDir,
    detector = usualDetector,
    embedding = "standard",
  } = options;
  const { engine } = await createEngine(choice, { tfjsNodeDir });
  const pack = await loadPack(modelsDir, name);
  const limits = { maxPixels: defaultMaxPixels, maxBatchSize: 16, maxQueueDelayMs: 0 };
  const pipeline = await FacePipeline.create({ pack, engine, limits });
  const { fingerprint } = pipeline.modelOf(embedding, detector);
  const { arithmetic } = pipeline.embeddedBy;
  return {
    pipeline,
    detector,
    embedding,
    about: { engine: engine.name, device: engine.device, arithmetic, pack: pack.manifest.name, detector, fingerprint },
    async close() {
      await pipeline.close();
      pack.weights.close();
    },
  };
}
