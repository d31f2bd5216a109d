import { type FaceQuality, type ModelInfo, ProblemError } from "@facefleet/contracts";
import { type EmbeddingKind, type FaceBox, marginCrop } from "../alignment/index.js";
import {
  type BatchReport,
  type BatchStage,
  batchStages,
  type CallOptions,
  DeviceQueue,
  DynamicBatcher,
  type StageBatcher,
  WeightedSemaphore,
} from "../batching/index.js";
import { type Detection, Mtcnn } from "../detection/index.js";
import { FaceEmbedder } from "../embedding/index.js";
import type { InferenceEngine } from "../engines/index.js";
import {
  decodeImage,
  encodeRegion,
  type ImageHeader,
  imageInfo,
  type RgbImage,
  readHeader,
  SummedAreaTable,
} from "../imaging/index.js";
import type { ModelPack } from "../models/index.js";
import { qualityMeter } from "../quality/index.js";
import type { AnalysedFace, AnalysisOptions, FaceAnalysis } from "./face-analysis.js";
import { embeddingFingerprint } from "./fingerprint.js";
import { selectFaces, toBox } from "./select-faces.js";

export interface PipelineLimits {
  /** Images with more pixels are refused. */
  readonly maxPixels: number;
  /** Images in one batch of the first stage; the later ones count candidates and faces. */
  readonly maxBatchSize: number;
  /** How long a first image may wait for others before its batch starts, in milliseconds. */
  readonly maxQueueDelayMs: number;
  /** Bytes of decoded images held at once, 9 a pixel; further images wait with their compressed bytes. */
  readonly maxDecodedBytes: number;
}

export interface FacePipelineOptions {
  readonly pack: ModelPack;
  readonly engine: InferenceEngine;
  readonly limits: PipelineLimits;
  readonly onBatch?: (report: BatchReport) => void;
  /** Told of each batch that is halved because the device ran out of memory. */
  readonly onOutOfMemorySplit?: (stage: BatchStage) => void;
}

/** What an image has once it may be decoded. */
interface Room {
  readonly header: ImageHeader;
  /** The wait for it. */
  readonly memoryMs: number;
}

/**
 * From the bytes of images to their faces. Images that are analysed at the same time share the runs of every
 * network and take turns in them, so that a crowd does not hold up a portrait. An image that cannot be read
 * fails alone.
 */
export class FacePipeline {
  private readonly decodedBytes: WeightedSemaphore;

  private constructor(
    private readonly options: FacePipelineOptions,
    private readonly mtcnn: Mtcnn,
    private readonly embedder: FaceEmbedder,
  ) {
    this.decodedBytes = new WeightedSemaphore(options.limits.maxDecodedBytes);
  }

  /** Loads the pack's networks into the engine. @throws Error when it does not embed the pack's own crops as it must. */
  static async create(options: FacePipelineOptions): Promise<FacePipeline> {
    const { engine, pack } = options;
    const batcher = stageBatcher(options);
    const mtcnn = await Mtcnn.load(engine, pack, batcher);
    return new FacePipeline(options, mtcnn, await FaceEmbedder.load(engine, pack, batcher));
  }

  /** What makes standard embeddings. */
  get model(): ModelInfo {
    return this.modelOf("standard");
  }

  /** What makes embeddings of a kind: each has its own fingerprint. */
  modelOf(kind: EmbeddingKind): ModelInfo {
    const { name, detector, embedder } = this.options.pack.manifest;
    return {
      pack: name,
      detector: detector.name,
      embedder: embedder.name,
      dimensions: embedder.dimensions,
      fingerprint: embeddingFingerprint(this.options.pack.manifest, kind),
    };
  }

  /** What computes the embeddings, and why nothing faster does. */
  get embeddedBy(): FaceEmbedder["computedBy"] {
    return this.embedder.computedBy;
  }

  /** Runs every network once, so that the first image does not pay for what engines put off. */
  async warmUp(): Promise<void> {
    // The embedder has been run already, to be checked.
    await this.mtcnn.warmUp();
  }

  /**
   * Finds the faces of one image and, if asked, embeds them.
   *
   * @param call Its signal gives the image up at the next step, and rejects with its reason.
   * @throws ProblemError `empty_image`, `unsupported_image_format`, `image_too_large`, `image_undecodable`,
   *   or `inference_failed`.
   */
  analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions = {}): Promise<FaceAnalysis> {
    return this.withinMemory(bytes, call, (room) => this.analyseWithin(bytes, room, options, call));
  }

  /**
   * Embeds the square in the middle of an image, half as long as its shorter side, for pictures that are known
   * to show a face there though the detector finds none. An evaluation that left them out would flatter itself.
   *
   * @throws ProblemError as `analyse` does.
   */
  embedCentre(bytes: Uint8Array, kind: EmbeddingKind = "standard"): Promise<Float32Array> {
    return this.withinMemory(bytes, {}, async () => {
      const image = await decodeImage(bytes);
      const { embeddings } = await inference(this.embedder.embed(image, [centreBox(image)], kind), undefined);
      return embeddings[0] as Float32Array;
    });
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

  /** Waits until the decoded image fits beside those that are being analysed. */
  private async withinMemory<T>(
    bytes: Uint8Array,
    { signal, urgent }: CallOptions,
    work: (room: Room) => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    const header = await readHeader(bytes, this.options.limits.maxPixels);
    const release = await this.decodedBytes.acquire(header.width * header.height * bytesPerPixel, { urgent });
    try {
      signal?.throwIfAborted();
      return await work({ header, memoryMs: performance.now() - started });
    } finally {
      release();
    }
  }

  private async analyseWithin(
    bytes: Uint8Array,
    { header, memoryMs }: Room,
    options: AnalysisOptions,
    call: CallOptions,
  ): Promise<FaceAnalysis> {
    const started = performance.now();
    const image = await decodeImage(bytes);
    const decoded = performance.now();
    const { minFaceSize, embedding = "standard" } = options;
    const table = new SummedAreaTable(image);
    const tableMs = performance.now() - decoded;
    const found = await inference(this.mtcnn.detect({ image: table, minFaceSize }, call), call.signal);
    const meter = qualityMeter(image);
    const { kept, dropped } = selectFaces(found.detections, image, meter, options);
    const qualities = options.quality ? kept.map(meter) : [];
    const crops = options.crops ? await Promise.all(kept.map((detection) => this.cropOf(image, detection))) : [];
    const detected = performance.now();
    const { embeddings, alignMs } = options.embed
      ? await inference(this.embedder.embed(image, kept, embedding, call), call.signal)
      : { embeddings: [], alignMs: 0 };
    const pyramidMs = tableMs + found.pyramidMs;
    return {
      image: imageInfo(bytes, header),
      faces: kept.map((detection, i) => analysedFace(detection, qualities[i], embeddings[i], crops[i])),
      dropped,
      model: this.modelOf(embedding),
      timings: {
        memoryMs,
        decodeMs: decoded - started,
        pyramidMs,
        detectMs: detected - decoded - pyramidMs,
        alignMs,
        embedMs: performance.now() - detected - alignMs,
        batchSize: found.batchSize,
      },
    };
  }

  private cropOf(image: RgbImage, box: FaceBox): Promise<Uint8Array> {
    const { cropMargin, inputSize } = this.options.pack.manifest.embedder;
    return encodeRegion(image, marginCrop(box, image, cropMargin, inputSize), inputSize);
  }
}

/** RGB, and the sums that the detector resizes by. */
const bytesPerPixel = 3 + 6;

function stageBatcher({ engine, limits, onBatch, onOutOfMemorySplit }: FacePipelineOptions): StageBatcher {
  const device = new DeviceQueue();
  return ({ stage, maxBatchSize = limits.maxBatchSize, ...options }) =>
    new DynamicBatcher({
      ...options,
      maxBatchSize,
      device,
      rank: batchStages.length - batchStages.indexOf(stage),
      // Once the first stage has waited for company, the later ones get theirs from it.
      maxQueueDelayMs: stage === "propose" ? limits.maxQueueDelayMs : 0,
      isOutOfMemory: (error) => engine.isOutOfMemory(error),
      onBatch: (times) => onBatch?.({ stage, ...times }),
      onOutOfMemorySplit: () => onOutOfMemorySplit?.(stage),
    });
}

function centreBox({ width, height }: RgbImage): FaceBox {
  const quarter = Math.min(width, height) / 4;
  const [x, y] = [width / 2, height / 2];
  return { x1: x - quarter, y1: y - quarter, x2: x + quarter, y2: y + quarter };
}

function analysedFace(
  detection: Detection,
  quality: FaceQuality | undefined,
  embedding: Float32Array | undefined,
  crop: Uint8Array | undefined,
): AnalysedFace {
  return {
    box: toBox(detection),
    confidence: detection.score,
    landmarks: detection.landmarks,
    ...(quality && { quality }),
    ...(embedding && { embedding }),
    ...(crop && { crop }),
  };
}

/** Names what an engine throws; an abort stays what it is, whatever its reason. */
async function inference<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal?.throwIfAborted();
    throw new ProblemError("inference_failed", "The engine failed on this image", { cause: error });
  }
}
