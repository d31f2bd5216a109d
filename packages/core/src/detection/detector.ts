import type { CallOptions, StageBatcher } from "../batching/index.js";
import type { InferenceEngine } from "../engines/index.js";
import type { RgbImage } from "../imaging/index.js";
import type { ModelPack } from "../models/index.js";
import type { Detection } from "./detection.js";

export interface DetectionInput {
  readonly image: RgbImage;
  /** Side of the smallest face to look for, in pixels; at least 12. */
  readonly minFaceSize: number;
}

export interface ImageDetections {
  /** Best score first. */
  readonly detections: Detection[];
  /** What it took to make what the networks looked at first from the image. */
  readonly pyramidMs: number;
  /** Images in the batch that it was first looked at in. */
  readonly batchSize: number;
}

/** Finds faces. Images that are looked at together share the runs of its networks. */
export interface Detector {
  /** What it keeps for each pixel of an image while it looks at it, besides the pixel, in bytes. */
  readonly bytesPerPixel: number;
  /** The faces of one image. What it finds does not depend on what shares its runs. */
  detect(input: DetectionInput, call?: CallOptions): Promise<ImageDetections>;
  /** Runs each network once, on an input that holds nothing. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** Loads a detector's networks into an engine. */
export type LoadDetector = (engine: InferenceEngine, pack: ModelPack, batcher: StageBatcher) => Promise<Detector>;
