import { type FaceBox, marginCrop } from "../alignment/index.js";
import type { DynamicBatcher, StageBatcher } from "../batching/index.js";
import { type InferenceEngine, rowOf, type Session } from "../engines/index.js";
import { type RgbImage, resample, triangleFilter } from "../imaging/index.js";
import { l2Normalise } from "../matching/index.js";
import type { ModelPack, PackManifest } from "../models/index.js";
import { inceptionResnetV1 } from "../nets/index.js";

/** Faces in one run; more would gain little on a CPU and cost 11 MB each. */
const embedBatchSize = 16;

interface FaceCrop {
  readonly image: RgbImage;
  readonly box: FaceBox;
}

/** FaceNet over batches of faces of any images. */
export class FaceEmbedder {
  private readonly faces: DynamicBatcher<FaceCrop, Float32Array>;

  private constructor(
    private readonly session: Session<"embedding">,
    private readonly settings: PackManifest["embedder"],
    batcher: StageBatcher,
  ) {
    this.faces = batcher({ stage: "embed", maxBatchSize: embedBatchSize, run: (crops) => this.embedBatch(crops) });
  }

  static async load(
    engine: InferenceEngine,
    { manifest, weights }: ModelPack,
    batcher: StageBatcher,
  ): Promise<FaceEmbedder> {
    return new FaceEmbedder(await engine.compile(inceptionResnetV1, weights), manifest.embedder, batcher);
  }

  /** An embedding of Euclidean length 1 for each face of an image, in order. */
  embed(image: RgbImage, boxes: readonly FaceBox[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.faces.submit(
      boxes.map((box) => ({ image, box })),
      signal,
    );
  }

  /** Runs the network once, on an input that holds nothing. */
  async warmUp(): Promise<void> {
    const { inputSize: side } = this.settings;
    await this.session.run({ data: new Float32Array(side * side * 3), shape: [1, side, side, 3] });
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async embedBatch(crops: readonly FaceCrop[]): Promise<Float32Array[]> {
    const { inputSize: side, cropMargin, standardisation } = this.settings;
    const size = { width: side, height: side };
    const data = new Float32Array(crops.length * side * side * 3);
    for (const [i, { image, box }] of crops.entries()) {
      const region = marginCrop(box, image, cropMargin, side);
      resample(image, region, size, triangleFilter, standardisation, data, i * side * side * 3);
    }
    const { embedding } = await this.session.run({ data, shape: [crops.length, side, side, 3] });
    return crops.map((_, row) => l2Normalise(rowOf(embedding, row)));
  }
}
