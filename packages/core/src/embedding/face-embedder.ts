import { type FaceBox, marginCrop } from "../alignment/index.js";
import type { InferenceEngine, Session } from "../engines/index.js";
import { type RgbImage, resample, triangleFilter } from "../imaging/index.js";
import { l2Normalise } from "../matching/index.js";
import type { ModelPack, PackManifest } from "../models/index.js";
import { inceptionResnetV1 } from "../nets/index.js";

export interface FaceCrop {
  readonly image: RgbImage;
  readonly box: FaceBox;
}

/** FaceNet over batches of faces of any images. */
export class FaceEmbedder {
  private constructor(
    private readonly session: Session<"embedding">,
    private readonly settings: PackManifest["embedder"],
  ) {}

  static async load(engine: InferenceEngine, { manifest, weights }: ModelPack): Promise<FaceEmbedder> {
    return new FaceEmbedder(await engine.compile(inceptionResnetV1, weights), manifest.embedder);
  }

  /** An L2-normalised embedding of `dimensions` numbers for each face, in order. */
  async embed(faces: readonly FaceCrop[]): Promise<Float32Array[]> {
    const { inputSize: side, cropMargin, standardisation, dimensions } = this.settings;
    const data = new Float32Array(faces.length * side * side * 3);
    for (const [i, { image, box }] of faces.entries()) {
      const region = marginCrop(box, image, cropMargin, side);
      const size = { width: side, height: side };
      resample(image, region, size, triangleFilter, standardisation, data, i * side * side * 3);
    }
    const { embedding } = await this.session.run({ data, shape: [faces.length, side, side, 3] });
    return faces.map((_, i) => l2Normalise(embedding.data.subarray(i * dimensions, (i + 1) * dimensions)));
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
