import { l2Normalise } from "@facefleet/matching";
import { embeddingKinds, type FaceView } from "../alignment/index.js";
import type { CallOptions, DynamicBatcher, StageBatcher } from "../batching/index.js";
import { type InferenceEngine, rowOf, Scratch, type Session } from "../engines/index.js";
import type { RgbImage } from "../imaging/index.js";
import type { ModelPack, PackManifest } from "../models/index.js";
import { inceptionResnetV1 } from "../nets/index.js";
import { type FaceCrop, type LocatedFace, writeCrop } from "./face-crop.js";

/** Faces in one run; more would gain little on a CPU and cost 11 MB each. */
const embedBatchSize = 16;

interface EmbeddedCrop {
  readonly embedding: Float32Array;
  /** What the crop took to make. */
  readonly alignMs: number;
}

export interface FaceEmbeddings {
  /** Of Euclidean length 1, one for each face of an image, in order: the mean direction of its views. */
  readonly embeddings: Float32Array[];
  /** What the image's own crops took to make. */
  readonly alignMs: number;
}

/** FaceNet over batches of faces of any images. */
export class FaceEmbedder {
  private readonly crops: DynamicBatcher<FaceCrop, EmbeddedCrop>;
  private readonly scratch = new Scratch();

  private constructor(
    private readonly session: Session<"embedding">,
    private readonly manifest: PackManifest,
    batcher: StageBatcher,
  ) {
    this.crops = batcher({ stage: "embed", maxBatchSize: embedBatchSize, run: (crops) => this.embedBatch(crops) });
  }

  static async load(
    engine: InferenceEngine,
    { manifest, weights }: ModelPack,
    batcher: StageBatcher,
  ): Promise<FaceEmbedder> {
    return new FaceEmbedder(await engine.compile(inceptionResnetV1, weights), manifest, batcher);
  }

  async embed(
    image: RgbImage,
    faces: readonly LocatedFace[],
    views: readonly FaceView[] = embeddingKinds.standard,
    call?: CallOptions,
  ): Promise<FaceEmbeddings> {
    const crops = faces.flatMap((face) => views.map((view) => ({ image, face, view })));
    const embedded = await this.crops.submit(crops, call);
    const vectors = embedded.map(({ embedding }) => embedding);
    return {
      embeddings: faces.map((_, i) => meanDirection(vectors.slice(i * views.length, (i + 1) * views.length))),
      alignMs: embedded.reduce((sum, { alignMs }) => sum + alignMs, 0),
    };
  }

  /** Runs the network once, on an input that holds nothing. */
  async warmUp(): Promise<void> {
    const { inputSize: side } = this.manifest.embedder;
    await this.session.run({ data: new Float32Array(side * side * 3), shape: [1, side, side, 3] });
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async embedBatch(crops: readonly FaceCrop[]): Promise<EmbeddedCrop[]> {
    const { inputSize: side } = this.manifest.embedder;
    const data = this.scratch.take(crops.length * side * side * 3);
    const alignMs = crops.map((crop, i) => timed(() => writeCrop(crop, this.manifest, data, i * side * side * 3)));
    const { embedding } = await this.session.run({ data, shape: [crops.length, side, side, 3] });
    return alignMs.map((alignMs, row) => ({ embedding: l2Normalise(rowOf(embedding, row)), alignMs }));
  }
}

/** What the work took, in milliseconds. */
function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** Of vectors of length 1. */
function meanDirection(vectors: readonly Float32Array[]): Float32Array {
  const [only, ...others] = vectors;
  if (only && others.length === 0) return only;
  return l2Normalise(only!.map((value, i) => others.reduce((sum, other) => sum + other[i]!, value)));
}
