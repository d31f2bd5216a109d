import type { FaceView } from "../alignment/index.js";
import { DynamicBatcher, type StageBatcher } from "../batching/index.js";
import { type Detection, Mtcnn, prominence } from "../detection/index.js";
import { writeCrop } from "../embedding/index.js";
import type { InferenceEngine } from "../engines/index.js";
import { decodeImage, type RgbImage } from "../imaging/index.js";
import type { ModelPack } from "../models/index.js";

/** A face as FaceNet sees it, both ways: inputSize x inputSize x RGB, standardised, of whole pixels. */
export interface FaceCrops {
  readonly margin: Float32Array;
  readonly aligned: Float32Array;
}

const minFaceSize = 20;
const oneByOne: StageBatcher = ({ run, maxBatchSize = 16 }) =>
  new DynamicBatcher({ run, maxBatchSize, maxQueueDelayMs: 0 });

/** Cuts faces out of photos. */
export class PhotoCrops {
  private constructor(
    private readonly pack: ModelPack,
    private readonly mtcnn: Mtcnn,
  ) {}

  static async open(engine: InferenceEngine, pack: ModelPack): Promise<PhotoCrops> {
    return new PhotoCrops(pack, await Mtcnn.load(engine, pack, oneByOne));
  }

  /** Of every face, the surest first. @throws ProblemError for a file that is no photo. */
  async everyFace(photo: Uint8Array): Promise<FaceCrops[]> {
    const image = await decodeImage(photo);
    return (await this.detect(image)).map((face) => this.crops(image, face));
  }

  /** Of the most prominent face; undefined where there is none. @throws ProblemError for a file that is no photo. */
  async mostProminentFace(photo: Uint8Array): Promise<FaceCrops | undefined> {
    const image = await decodeImage(photo);
    const [face] = (await this.detect(image)).sort((a, b) => prominence(b, image) - prominence(a, image));
    return face && this.crops(image, face);
  }

  close(): Promise<void> {
    return this.mtcnn.close();
  }

  private async detect(image: RgbImage): Promise<Detection[]> {
    return (await this.mtcnn.detect({ image, minFaceSize })).detections;
  }

  private crops(image: RgbImage, face: Detection): FaceCrops {
    const crop = (alignment: FaceView["alignment"]) => {
      const out = new Float32Array(this.pack.manifest.embedder.inputSize ** 2 * 3);
      writeCrop({ image, face, view: { alignment, mirrored: false } }, this.pack.manifest, out, 0);
      return out;
    };
    return { margin: crop("margin"), aligned: crop("landmarks") };
  }
}
