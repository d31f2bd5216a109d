import type {
  Box,
  DetectorName,
  DroppedFace,
  FaceQuality,
  ImageInfo,
  JobOptions,
  Landmarks,
  ModelInfo,
} from "@facefleet/contracts";
import type { EmbeddingKind } from "../alignment/index.js";
import type { CallOptions } from "../batching/index.js";
import type { Turn } from "../imaging/index.js";
import type { FaceFilters } from "../quality/index.js";

/** What to look for in an image, and which faces to keep. */
export interface AnalysisOptions extends FaceFilters, Pick<JobOptions, "minFaceSize" | "maxFaces" | "order"> {
  /** What finds them; `mtcnn` unless told. */
  readonly detector?: DetectorName;
  /** `none`: the whole picture is the crop of one face; unless told, faces are looked for. */
  readonly detection?: JobOptions["detection"];
  /** How far the picture is turned for that, in turn, until one that stands is kept; unless told, not at all. */
  readonly orientations?: readonly Turn[];
  /** Whether to measure the quality of the faces that are kept; unset: no. */
  readonly quality?: boolean;
  /** Whether to cut out the faces that are kept; unset: no. */
  readonly crops?: boolean;
  /** Whether to embed the faces that are kept. */
  readonly embed: boolean;
  /** How to embed them; `standard` unless told. */
  readonly embedding?: EmbeddingKind;
}

/** How to analyse it. */
export interface AnalysisCall extends CallOptions {
  /** Told when the image is decoded, so that its bytes wait for nothing any more. */
  readonly onDecoded?: (() => void) | undefined;
}

export interface AnalysedFace {
  readonly box: Box;
  /** The detector's score, 0 to 1. */
  readonly confidence: number;
  /** In pixels of the picture as it came, as the box is. Of every face that was found. */
  readonly landmarks?: Landmarks;
  /** How far the picture was turned for it to be found. */
  readonly turned?: Exclude<Turn, 0>;
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
  /** Milliseconds, none counted twice. */
  readonly timings: {
    /** The wait for room among the decoded images. */
    readonly memoryMs: number;
    readonly decodeMs: number;
    /** Making what the detector looks at from the image; its own share of a batch. */
    readonly pyramidMs: number;
    /** From the decoded image to its faces, without its pyramid; waits for batches and what shares them included. */
    readonly detectMs: number;
    /** Making the crops that are embedded from the image; its own share of batches. */
    readonly alignMs: number;
    /** From the faces to their embeddings, without their crops; waits for batches and what shares them included. */
    readonly embedMs: number;
    /** Images that shared the first run of the detector with this one, itself included. */
    readonly batchSize: number;
  };
}
