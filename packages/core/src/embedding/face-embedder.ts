import { l2Normalise } from "@facefleet/matching";
import { type EmbeddingKind, type EmbeddingRecipe, embeddingKinds } from "../alignment/index.js";
import type { CallOptions, DynamicBatcher, StageBatcher } from "../batching/index.js";
import { type InferenceEngine, rowOf } from "../engines/index.js";
import type { RgbImage } from "../imaging/index.js";
import type { ModelPack, PackManifest } from "../models/index.js";
import { type CheckedSession, openCheckedSession } from "./checked-session.js";
import { type FaceCrop, type LocatedFace, writeCrop } from "./face-crop.js";

/** Faces in one run: on a CPU more would gain little, and hold up for longer whoever comes next. */
const embedBatchSize = { cpu: 4, other: 16 };

interface EmbeddedCrop {
  readonly embedding: Float32Array;
  /** What the crop took to make. */
  readonly alignMs: number;
}

export interface FaceEmbeddings {
  /** Of Euclidean length 1, one for each face of an image, in order. */
  readonly embeddings: Float32Array[];
  /** What the image's own crops took to make. */
  readonly alignMs: number;
}

/** FaceNet over batches of faces of any images. */
export class FaceEmbedder {
  private readonly crops: DynamicBatcher<FaceCrop, EmbeddedCrop>;

  private constructor(
    private readonly checked: CheckedSession,
    private readonly manifest: PackManifest,
    private readonly means: Readonly<Record<NonNullable<EmbeddingRecipe["mean"]>, Float32Array>>,
    { batcher, maxBatchSize }: { readonly batcher: StageBatcher; readonly maxBatchSize: number },
  ) {
    this.crops = batcher({ stage: "embed", maxBatchSize, run: (crops) => this.embedBatch(crops) });
  }

  /** Runs the network on the pack's own crops. @throws Error when the engine does not embed them as it must. */
  static async load(engine: InferenceEngine, pack: ModelPack, batcher: StageBatcher): Promise<FaceEmbedder> {
    const { manifest, weights } = pack;
    const means = { standard: weights.read("mean/standard"), high: weights.read("mean/high") };
    const maxBatchSize = engine.device === "cpu" ? embedBatchSize.cpu : embedBatchSize.other;
    return new FaceEmbedder(await openCheckedSession(engine, pack), manifest, means, { batcher, maxBatchSize });
  }

  /** What computes it, and why nothing faster does. */
  get computedBy(): Pick<CheckedSession, "arithmetic" | "refusals"> {
    return this.checked;
  }

  async embed(
    image: RgbImage,
    faces: readonly LocatedFace[],
    kind: EmbeddingKind = "standard",
    call?: CallOptions,
  ): Promise<FaceEmbeddings> {
    const { views, mean }: EmbeddingRecipe = embeddingKinds[kind];
    const crops = faces.flatMap((face) => views.map((view) => ({ image, face, view })));
    const embedded = await this.crops.submit(crops, call);
    const vectors = embedded.map(({ embedding }) => embedding);
    return {
      embeddings: faces.map((_, i) => {
        const direction = meanDirection(vectors.slice(i * views.length, (i + 1) * views.length));
        return mean ? lessMean(direction, this.means[mean]) : direction;
      }),
      alignMs: embedded.reduce((sum, { alignMs }) => sum + alignMs, 0),
    };
  }

  close(): Promise<void> {
    return this.checked.session.close();
  }

  private async embedBatch(crops: readonly FaceCrop[]): Promise<EmbeddedCrop[]> {
    const { inputSize: side } = this.manifest.embedder;
    const data = this.checked.session.input(crops.length * side * side * 3);
    const alignMs = crops.map((crop, i) => timed(() => writeCrop(crop, this.manifest, data, i * side * side * 3)));
    const { embedding } = await this.checked.session.run({ data, shape: [crops.length, side, side, 3] });
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

/**
 * What is left of an embedding without the part that all faces share (the `--subtract_mean` of facenet's
 * validate_on_lfw.py), of length 1 again.
 */
function lessMean(embedding: Float32Array, mean: Float32Array): Float32Array {
  return l2Normalise(embedding.map((value, i) => value - mean[i]!));
}
