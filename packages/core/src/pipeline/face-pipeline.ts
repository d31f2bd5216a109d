import { type ModelInfo, ProblemError } from "@facefleet/contracts";
import { type BatchTimes, DynamicBatcher, type DynamicBatcherOptions, WeightedSemaphore } from "../batching/index.js";
import { type Detection, type DetectionInput, Mtcnn } from "../detection/index.js";
import { type FaceCrop, FaceEmbedder } from "../embedding/index.js";
import type { InferenceEngine } from "../engines/index.js";
import { decodeImage, type ImageHeader, imageInfo, type RgbImage, readHeader } from "../imaging/index.js";
import type { ModelPack } from "../models/index.js";
import type { AnalysedFace, AnalysisOptions, FaceAnalysis } from "./face-analysis.js";
import { embeddingFingerprint } from "./fingerprint.js";
import { selectFaces, toBox } from "./select-faces.js";

export interface PipelineLimits {
  /** Images with more pixels are refused. */
  readonly maxPixels: number;
  /** Images in one detection batch. */
  readonly maxBatchSize: number;
  /** How long a first image may wait for others before its batch starts, in milliseconds. */
  readonly maxQueueDelayMs: number;
  /** Bytes of decoded pixels held at once; further images wait with their compressed bytes. */
  readonly maxDecodedBytes: number;
}

export interface BatchReport extends BatchTimes {
  readonly stage: "detect" | "embed";
}

export interface FacePipelineOptions {
  readonly pack: ModelPack;
  readonly engine: InferenceEngine;
  readonly limits: PipelineLimits;
  readonly onBatch?: (report: BatchReport) => void;
}

/**
 * Detection batches at a time. With two, a crowd, whose thousands of candidates take seconds, does not
 * hold up what comes after it.
 */
const detectBatchesInFlight = 2;

/** Faces in one run of the embedding network; more would gain little on a CPU and cost 11 MB each. */
const embedBatchSize = 16;

interface StageOptions<Item, Result>
  extends Pick<DynamicBatcherOptions<Item, Result>, "run" | "maxBatchSize" | "maxInFlight"> {
  readonly stage: BatchReport["stage"];
}

interface Detected {
  readonly detections: Detection[];
  readonly batchSize: number;
}

/**
 * From the bytes of images to their faces. Images that are analysed at the same time share batches: by
 * image in detection, by face in embedding, where images take turns, so that a crowd does not hold up a
 * portrait. An image that cannot be read fails alone.
 */
export class FacePipeline {
  readonly model: ModelInfo;
  private readonly detectBatcher: DynamicBatcher<DetectionInput, Detected>;
  private readonly embedBatcher: DynamicBatcher<FaceCrop, Float32Array>;
  private readonly decodedBytes: WeightedSemaphore;

  private constructor(
    private readonly options: FacePipelineOptions,
    private readonly mtcnn: Mtcnn,
    private readonly embedder: FaceEmbedder,
  ) {
    const { pack, limits } = options;
    const { detector, embedder: embedding, name } = pack.manifest;
    this.model = {
      pack: name,
      detector: detector.name,
      embedder: embedding.name,
      dimensions: embedding.dimensions,
      fingerprint: embeddingFingerprint(pack),
    };
    this.decodedBytes = new WeightedSemaphore(limits.maxDecodedBytes);
    this.detectBatcher = this.batcher({
      stage: "detect",
      maxBatchSize: limits.maxBatchSize,
      maxInFlight: detectBatchesInFlight,
      run: (inputs) => this.detectBatch(inputs),
    });
    this.embedBatcher = this.batcher({
      stage: "embed",
      maxBatchSize: embedBatchSize,
      maxInFlight: 1,
      run: (faces) => this.embedder.embed(faces),
    });
  }

  /** Loads the pack's networks into the engine. */
  static async create(options: FacePipelineOptions): Promise<FacePipeline> {
    const { engine, pack } = options;
    return new FacePipeline(options, await Mtcnn.load(engine, pack), await FaceEmbedder.load(engine, pack));
  }

  /** Runs every network once, so that the first image does not pay for what engines put off. */
  async warmUp(): Promise<void> {
    const image = { width: 160, height: 160, data: new Uint8Array(160 * 160 * 3).fill(127) };
    await this.mtcnn.warmUp();
    await this.embedder.embed([{ image, box: { x1: 20, y1: 20, x2: 140, y2: 140 } }]);
  }

  /**
   * Finds the faces of one image and, if asked, embeds them.
   *
   * @param signal Gives the image up at the next step; rejects with the signal's reason.
   * @throws ProblemError `empty_image`, `unsupported_image_format`, `image_too_large`, `image_undecodable`,
   *   or `inference_failed`.
   */
  async analyse(bytes: Uint8Array, options: AnalysisOptions, signal?: AbortSignal): Promise<FaceAnalysis> {
    const header = await readHeader(bytes, this.options.limits.maxPixels);
    const release = await this.decodedBytes.acquire(header.width * header.height * 3);
    try {
      signal?.throwIfAborted();
      return await this.analyseWithin(bytes, header, options, signal);
    } finally {
      release();
    }
  }

  /** Analyses images together: as many answers as images, in their order, each an analysis or its error. */
  async run(
    images: readonly { readonly bytes: Uint8Array; readonly options: AnalysisOptions }[],
  ): Promise<(FaceAnalysis | Error)[]> {
    const settled = await Promise.allSettled(images.map(({ bytes, options }) => this.analyse(bytes, options)));
    return settled.map((slot) => (slot.status === "fulfilled" ? slot.value : (slot.reason as Error)));
  }

  async close(): Promise<void> {
    await Promise.all([this.mtcnn.close(), this.embedder.close()]);
  }

  private async analyseWithin(
    bytes: Uint8Array,
    header: ImageHeader,
    options: AnalysisOptions,
    signal: AbortSignal | undefined,
  ): Promise<FaceAnalysis> {
    const started = performance.now();
    const image = await decodeImage(bytes);
    const decoded = performance.now();
    const { detections, batchSize } = await inference(
      this.detectBatcher.submit({ image, minFaceSize: options.minFaceSize }, signal && { signal }),
    );
    const { kept, dropped } = selectFaces(detections, image, options);
    const detected = performance.now();
    const embeddings = options.embed ? await this.embedFaces(image, kept, signal) : [];
    return {
      image: imageInfo(bytes, header),
      faces: kept.map((detection, i) => analysedFace(detection, embeddings[i])),
      dropped,
      timings: {
        decodeMs: decoded - started,
        detectMs: detected - decoded,
        embedMs: performance.now() - detected,
        batchSize,
      },
    };
  }

  private embedFaces(image: RgbImage, faces: readonly Detection[], signal?: AbortSignal): Promise<Float32Array[]> {
    const turn = { group: image, ...(signal && { signal }) };
    return inference(Promise.all(faces.map((box) => this.embedBatcher.submit({ image, box }, turn))));
  }

  private async detectBatch(inputs: readonly DetectionInput[]): Promise<Detected[]> {
    const detections = await this.mtcnn.detect(inputs);
    return detections.map((ofImage) => ({ detections: ofImage, batchSize: inputs.length }));
  }

  private batcher<Item, Result>({ stage, ...own }: StageOptions<Item, Result>): DynamicBatcher<Item, Result> {
    const { engine, limits, onBatch } = this.options;
    return new DynamicBatcher({
      ...own,
      maxQueueDelayMs: limits.maxQueueDelayMs,
      isOutOfMemory: (error) => engine.isOutOfMemory(error),
      onBatch: (times) => onBatch?.({ stage, ...times }),
    });
  }
}

function analysedFace(detection: Detection, embedding: Float32Array | undefined): AnalysedFace {
  return {
    box: toBox(detection),
    confidence: detection.score,
    landmarks: detection.landmarks,
    ...(embedding && { embedding }),
  };
}

/** Names what an engine throws; an abort stays what it is. */
async function inference<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ProblemError("inference_failed", "The engine failed on this image", { cause: error });
  }
}
