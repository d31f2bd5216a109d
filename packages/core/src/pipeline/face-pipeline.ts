import {
  type DetectorName,
  detectorNames,
  type FaceQuality,
  type ModelInfo,
  ProblemError,
  usualDetector,
} from "@facefleet/contracts";
import { type EmbeddingKind, type FaceBox, marginCrop } from "../alignment/index.js";
import {
  type Admitted,
  type BatchReport,
  type BatchStage,
  batchStages,
  type CallOptions,
  DeviceQueue,
  DynamicBatcher,
  decoderLimits,
  type ImageMemory,
  imageMemory,
  type StageBatcher,
  ThreadTurn,
  WeightedSemaphore,
} from "../batching/index.js";
import {
  type Detection,
  type DetectionInput,
  type Detector,
  detectors,
  type ImageDetections,
} from "../detection/index.js";
import { FaceEmbedder } from "../embedding/index.js";
import type { InferenceEngine } from "../engines/index.js";
import {
  boxTurnedBack,
  bytesPerPixel,
  decodeImage,
  encodeRegion,
  type ImageLimits,
  imageInfo,
  type ReadHeader,
  type RgbImage,
  readHeader,
  type Turn,
  turnedImage,
} from "../imaging/index.js";
import type { ModelPack } from "../models/index.js";
import { isUpright, type QualityMeter, qualityMeter } from "../quality/index.js";
import type { AnalysisCall, AnalysisOptions, FaceAnalysis } from "./face-analysis.js";
import { embeddingFingerprint, type FoundBy } from "./fingerprint.js";
import { selectFaces } from "./select-faces.js";
import { type FoundFace, placeOf, type Sight, wholePicture } from "./sight.js";

export interface PipelineLimits extends ImageLimits {
  /** Images in one batch of the first stage; the later ones count candidates and faces. */
  readonly maxBatchSize: number;
  /** How long a first image may wait for others before its batch starts, in milliseconds. */
  readonly maxQueueDelayMs: number;
}

export interface FacePipelineOptions {
  readonly pack: ModelPack;
  readonly engine: InferenceEngine;
  readonly limits: PipelineLimits;
  /** What decoded images share; those that there is no room for wait with their compressed bytes. Its own unless told. */
  readonly memory?: ImageMemory;
  readonly onBatch?: (report: BatchReport) => void;
  /** Told of each batch that is halved because the device ran out of memory. */
  readonly onOutOfMemorySplit?: (stage: BatchStage) => void;
}

/** What an image has once it may be decoded. */
interface Room {
  readonly header: ReadHeader;
  /** What it takes while its faces are looked for. */
  readonly detectingBytes: number;
  readonly memory: Admitted;
  /** When it began to wait for it, in milliseconds. */
  readonly since: number;
}

/**
 * From the bytes of images to their faces. Images that are analysed at the same time share the runs of every
 * network and take turns in them, so that a crowd does not hold up a portrait. An image that cannot be read
 * fails alone.
 */
export class FacePipeline {
  private readonly memory: ImageMemory;
  private readonly decoders = new WeightedSemaphore(decoderLimits);

  private constructor(
    private readonly options: FacePipelineOptions,
    private readonly detectors: ReadonlyMap<DetectorName, Detector>,
    private readonly embedder: FaceEmbedder,
  ) {
    this.memory = options.memory ?? imageMemory();
  }

  /** Loads the pack's networks into the engine. @throws Error when it does not embed the pack's own crops as it must. */
  static async create(options: FacePipelineOptions): Promise<FacePipeline> {
    const { engine, pack } = options;
    const batcher = stageBatcher(options);
    const loaded = new Map<DetectorName, Detector>();
    for (const name of detectorNames) loaded.set(name, await detectors[name](engine, pack, batcher));
    return new FacePipeline(options, loaded, await FaceEmbedder.load(engine, pack, batcher));
  }

  /** What makes embeddings of a kind, of the faces that a detector finds or of whole pictures: each has its own fingerprint. */
  modelOf(kind: EmbeddingKind, foundBy: FoundBy = usualDetector): ModelInfo {
    const { name, embedder } = this.options.pack.manifest;
    return {
      pack: name,
      detector: foundBy,
      embedder: embedder.name,
      dimensions: embedder.dimensions,
      fingerprint: embeddingFingerprint(this.options.pack.manifest, kind, foundBy),
    };
  }

  /** What computes the embeddings, and why nothing faster does. */
  get embeddedBy(): FaceEmbedder["computedBy"] {
    return this.embedder.computedBy;
  }

  /** Runs every network once, so that the first image does not pay for what engines put off. */
  async warmUp(): Promise<void> {
    // The embedder has been run already, to be checked.
    for (const detector of this.detectors.values()) await detector.warmUp();
  }

  /**
   * Finds the faces of one image and, if asked, embeds them.
   *
   * @param call Its signal gives the image up at the next step, and rejects with its reason.
   * @throws ProblemError `empty_image`, `unsupported_image_format`, `image_too_large`, `image_undecodable`,
   *   `job_timeout`, or `inference_failed`.
   */
  analyse(bytes: Uint8Array, options: AnalysisOptions, call: AnalysisCall = {}): Promise<FaceAnalysis> {
    return this.withinMemory(bytes, this.besidesPixel(options), call, (room) =>
      this.analyseWithin(bytes, room, options, call),
    );
  }

  /** What is kept of each pixel while faces are looked for, besides the pixel, in bytes. */
  private besidesPixel({ detection, detector = usualDetector, orientations = upright }: AnalysisOptions): number {
    if (detection === "none") return 0;
    const turned = orientations.some((turn) => turn !== 0) ? bytesPerPixel : 0;
    return (this.detectors.get(detector) as Detector).bytesPerPixel + turned;
  }

  /**
   * Embeds the square in the middle of an image, half as long as its shorter side, for pictures that are known
   * to show a face there though the detector finds none. An evaluation that left them out would flatter itself.
   *
   * @throws ProblemError as `analyse` does.
   */
  embedCentre(bytes: Uint8Array, kind: EmbeddingKind = "standard"): Promise<Float32Array> {
    return this.withinMemory(bytes, 0, {}, async ({ header }) => {
      const image = await decodeImage(bytes, header.coding);
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
    await Promise.all([...this.detectors.values(), this.embedder].map((part) => part.close()));
  }

  /** Waits until the decoded image, with what its detector keeps of each pixel, fits beside those that are being analysed. */
  private async withinMemory<T>(
    bytes: Uint8Array,
    besidesPixel: number,
    call: CallOptions,
    work: (room: Room) => Promise<T>,
  ): Promise<T> {
    const since = performance.now();
    const header = await readHeader(bytes, this.options.limits);
    const detectingBytes = header.width * header.height * (bytesPerPixel + besidesPixel);
    const memory = await this.memory.acquire(Math.max(header.decodingBytes, detectingBytes), call);
    try {
      return await work({ header, detectingBytes, memory, since });
    } finally {
      memory.release();
    }
  }

  private async analyseWithin(
    bytes: Uint8Array,
    { header, detectingBytes, memory, since }: Room,
    options: AnalysisOptions,
    call: AnalysisCall,
  ): Promise<FaceAnalysis> {
    const { image, started, decoded } = await this.decode(bytes, header, call);
    memory.lighten(detectingBytes);
    call.onDecoded?.();
    const { embedding = "standard", detector = usualDetector } = options;
    const isWhole = options.detection === "none";
    const sight = isWhole ? wholePicture(image) : await this.find(image, options, call);
    const { kept, turn } = sight;
    memory.lighten(image.data.byteLength + (turn === 0 ? 0 : sight.image.data.byteLength));
    const qualities = options.quality ? await measureAll(kept, sight.meter, call) : [];
    const crops = options.crops ? await this.cropAll(sight.image, kept, call.signal) : [];
    const detected = performance.now();
    const { embeddings, alignMs } = options.embed
      ? await inference(this.embedder.embed(sight.image, kept, embedding, call), call.signal)
      : { embeddings: [], alignMs: 0 };
    const { pyramidMs } = sight;
    return {
      image: imageInfo(bytes, header),
      faces: kept.map((face, i) => ({
        ...placeOf(face, turn, header),
        ...(qualities[i] && { quality: qualities[i] }),
        ...(embeddings[i] && { embedding: embeddings[i] }),
        ...(crops[i] && { crop: crops[i] }),
      })),
      dropped: sight.dropped.map((face) => ({ ...face, box: boxTurnedBack(face.box, turn, header) })),
      model: this.modelOf(embedding, isWhole ? "none" : detector),
      timings: {
        memoryMs: started - since,
        decodeMs: decoded - started,
        pyramidMs,
        detectMs: detected - decoded - pyramidMs,
        alignMs,
        embedMs: performance.now() - detected - alignMs,
        batchSize: sight.batchSize,
      },
    };
  }

  /** When there is a thread for it. */
  private async decode(bytes: Uint8Array, { coding }: ReadHeader, call: CallOptions) {
    const decoder = await this.decoders.acquire(1, call);
    try {
      const started = performance.now();
      const image = await decodeImage(bytes, coding);
      call.signal?.throwIfAborted();
      return { image, started, decoded: performance.now() };
    } finally {
      decoder.release();
    }
  }

  /** Turned so that one stands and is kept, as the options allow; where none does, as the first look that kept any saw them. */
  private async find(picture: RgbImage, options: AnalysisOptions, call: CallOptions): Promise<Sight> {
    const turns = new Set(options.orientations ?? upright);
    const others: Sight[] = [];
    for (const turn of turns) {
      const sight = await this.look(await this.turn(picture, turn, call), turn, options, call);
      const isFound = turns.size === 1 || sight.kept.some(({ landmarks }) => landmarks && isUpright(landmarks));
      if (isFound) return { ...sight, pyramidMs: totalOf([...others, sight]) };
      // Its copy is made again where it is wanted: there are never more than two pictures.
      others.push({ ...sight, image: nothing, meter: qualityMeter(nothing) });
    }
    const sight = others.find(({ kept }) => kept.length > 0) ?? (others[0] as Sight);
    const image = sight.kept.length > 0 ? await this.turn(picture, sight.turn, call) : nothing;
    return { ...sight, image, meter: qualityMeter(image), pyramidMs: totalOf(others) };
  }

  private async turn(image: RgbImage, turn: Turn, call: CallOptions): Promise<RgbImage> {
    const thread = await this.decoders.acquire(1, call);
    try {
      return await turnedImage(image, turn);
    } finally {
      thread.release();
    }
  }

  private async look(image: RgbImage, turn: Turn, options: AnalysisOptions, call: CallOptions): Promise<Sight> {
    const { detector = usualDetector, minFaceSize } = options;
    const { detections, pyramidMs, batchSize } = await this.detect(detector, { image, minFaceSize }, call);
    const meter = qualityMeter(image);
    const { kept, dropped } = await selectFaces(detections, image, meter, options, call);
    return { image, turn, kept, dropped, meter, pyramidMs, batchSize };
  }

  private detect(name: DetectorName, input: DetectionInput, call: CallOptions): Promise<ImageDetections> {
    return inference((this.detectors.get(name) as Detector).detect(input, call), call.signal);
  }

  /** A few at a time: others have something to decode, too. */
  private async cropAll(
    image: RgbImage,
    faces: readonly FoundFace[],
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array[]> {
    const crops: Uint8Array[] = [];
    for (let i = 0; i < faces.length; i += cropsAtOnce) {
      signal?.throwIfAborted();
      const some = faces.slice(i, i + cropsAtOnce);
      crops.push(...(await Promise.all(some.map((face) => this.cropOf(image, face)))));
    }
    return crops;
  }

  private cropOf(image: RgbImage, box: FaceBox): Promise<Uint8Array> {
    const { cropMargin, inputSize } = this.options.pack.manifest.embedder;
    return encodeRegion(image, marginCrop(box, image, cropMargin, inputSize), inputSize);
  }
}

/** Whoever comes next waits for the batch that runs: on a CPU, which gains little by large ones, it is to be short. */
const maxRunMsOnCpu = 30;

const cropsAtOnce = 2;

const upright: readonly Turn[] = [0];
/** In place of a picture, so that it is not held on to. */
const nothing: RgbImage = { width: 0, height: 0, data: new Uint8Array() };

function totalOf(sights: readonly Sight[]): number {
  return sights.reduce((sum, { pyramidMs }) => sum + pyramidMs, 0);
}

/** Those of faces that were looked for: without landmarks there is no pose. */
async function measureAll(faces: readonly FoundFace[], meter: QualityMeter, call: CallOptions): Promise<FaceQuality[]> {
  const turn = new ThreadTurn(call);
  const qualities: FaceQuality[] = [];
  for (const face of faces.filter(isDetection)) {
    qualities.push(meter(face));
    if (turn.isOver) await turn.pass();
  }
  return qualities;
}

function isDetection(face: FoundFace): face is Detection {
  return face.landmarks !== undefined;
}

function stageBatcher({ engine, limits, onBatch, onOutOfMemorySplit }: FacePipelineOptions): StageBatcher {
  const device = new DeviceQueue(1);
  return ({ stage, maxBatchSize = limits.maxBatchSize, ...options }) =>
    new DynamicBatcher({
      ...options,
      maxBatchSize,
      device,
      rank: batchStages.length - batchStages.indexOf(stage),
      maxRunMs: engine.device === "cpu" ? maxRunMsOnCpu : undefined,
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

/** Names what an engine throws; an abort stays what it is, whatever its reason. */
async function inference<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal?.throwIfAborted();
    throw new ProblemError("inference_failed", "The engine failed on this image", { cause: error });
  }
}
