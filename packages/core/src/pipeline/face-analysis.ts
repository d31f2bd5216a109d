import type { Box, DroppedFace, FaceQuality, ImageInfo, JobOptions, Landmarks, ModelInfo } from "@facefleet/contracts";
import type { EmbeddingKind } from "../alignment/index.js";
import type { FaceFilters } from "../quality/index.js";

/** What to look for in an image, and which faces to keep. */
export interface AnalysisOptions extends FaceFilters, Pick<JobOptions, "minFaceSize" | "maxFaces" | "order"> {
  /** Whether to measure the quality of the faces that are kept; unset: no. */
  readonly quality?: boolean;
  /** Whether to cut out the faces that are kept; unset: no. */
  readonly crops?: boolean;
  /** Whether to embed the faces that are kept. */
  readonly embed: boolean;
  /** How to embed them; `standard` unless told. */
  readonly embedding?: EmbeddingKind;
}

export interface AnalysedFace {
  readonly box: Box;
  /** The detector's score, 0 to 1. */
  readonly confidence: number;
  readonly landmarks: Landmarks;
  /** When asked for. */
  readonly quality?: FaceQuality;
  /** 512 numbers of Euclidean length 1, when asked for. */
  readonly embedding?: Float32Array;
  /** What of the image the standard embedding is made of, as a JPEG, when asked for. */
  readonly crop?: Uint8Array;
}

export interface FaceAnalysis {
  readonly image: ImageInfo;
  /** In the order asked for. */
  readonly faces: AnalysedFace[];
  /** In the same order. */
  readonly dropped: DroppedFace[];
  /** What made it; its fingerprint is that of the embeddings. */
  readonly model: ModelInfo;
  readonly timings: {
    readonly decodeMs: number;
    readonly detectMs: number;
    readonly embedMs: number;
    /** Images that shared the first run of the detector with this one, itself included. */
    readonly batchSize: number;
  };
}
