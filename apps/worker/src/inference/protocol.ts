import type { JobOptions, ModelInfo, Problem } from "@facefleet/contracts";
import type {
  AnalysisOptions,
  Arithmetic,
  BatchReport,
  BatchStage,
  EngineChoice,
  EngineName,
  FaceAnalysis,
  FoundBy,
} from "@facefleet/core";
import type { LogSettings } from "@facefleet/platform";

/** What the inference process needs to know; it reads no environment of its own. */
export interface InferenceSettings {
  /** The model pack, and where packs are that are not built in. */
  readonly pack: string;
  readonly modelsDir: string;
  readonly engine: EngineChoice;
  /** 0: the engine decides. */
  readonly threads: number;
  readonly tfjsNodeDir: string;
  readonly limits: {
    readonly maxPixels: number;
    readonly heic: boolean;
    readonly maxBatchSize: number;
    readonly maxQueueDelayMs: number;
  };
  readonly log: { readonly level: LogSettings["LOG_LEVEL"]; readonly format: LogSettings["LOG_FORMAT"] };
}

/** What the inference process says about itself once its warm-up has passed. */
export interface InferenceInfo {
  readonly engine: EngineName;
  /** The device that the engine really got. */
  readonly device: string;
  /** Why this engine. */
  readonly reason: string;
  /** What computes FaceNet, and why nothing faster does, a sentence each. */
  readonly arithmetic: Arithmetic;
  readonly refusals: readonly string[];
  /** What makes each kind of embeddings of the faces that each detector finds, and of whole pictures. */
  readonly models: Readonly<Record<FoundBy, Readonly<Record<JobOptions["embedding"], ModelInfo>>>>;
  /** Resident memory of the process after the warm-up, in bytes. */
  readonly rssBytes: number;
}

/** How the inference process is. What it holds must not grow with the images that it has seen. */
export interface InferenceVitals {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Open handles and requests of its event loop. */
  readonly resources: number;
  /** Where the engine counts them. */
  readonly tensors?: number;
  /** Bytes of them, on the engine's device. */
  readonly tensorBytes?: number;
  /** How late its event loop was: the 99th percentile since it last said so. */
  readonly eventLoopDelayMs: number;
}

/** From the worker to the inference process. */
export type InferenceRequest =
  | { readonly type: "start"; readonly settings: InferenceSettings }
  | {
      readonly type: "analyse";
      readonly id: number;
      readonly bytes: Uint8Array;
      readonly options: AnalysisOptions;
      /** Whether it goes before what is not. */
      readonly urgent: boolean;
      /** Whose images it takes turns with as one. */
      readonly flow: string;
    }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "memoryLent"; readonly id: number };

/** From the inference process to the worker. */
export type InferenceReply =
  | { readonly type: "ready"; readonly info: InferenceInfo }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "analysed"; readonly id: number; readonly analysis: FaceAnalysis }
  /** With the text of what is behind it, for the log. */
  | { readonly type: "failed"; readonly id: number; readonly problem: Problem; readonly reason?: string }
  /** An image has been decoded; the faces are still to come. */
  | { readonly type: "decoded"; readonly id: number }
  /** Nothing more is done for what was canceled. */
  | { readonly type: "letGo"; readonly id: number }
  /** Memory for an image is needed, in bytes, and how much of it still is. */
  | {
      readonly type: "memoryWanted";
      readonly id: number;
      readonly bytes: number;
      readonly urgent: boolean;
      readonly flow: string;
    }
  | { readonly type: "memoryKept"; readonly id: number; readonly bytes: number }
  | { readonly type: "batch"; readonly report: BatchReport }
  | { readonly type: "outOfMemorySplit"; readonly stage: BatchStage }
  | { readonly type: "vitals"; readonly vitals: InferenceVitals };
