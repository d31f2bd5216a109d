import type { Landmarks, Point } from "@facefleet/contracts";
import type { InferenceEngine, Session, Tensor } from "../engines/index.js";
import type { ModelPack } from "../models/index.js";
import { onet, pnet, rnet } from "../nets/index.js";
import { type Judged, judgeCrops } from "./box-crops.js";
import { type CandidateBox, offsetsAt, regress, toSquare } from "./candidate-box.js";
import type { Detection } from "./detection.js";
import { overSmaller, overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";
import { type DetectionInput, type DetectorSettings, propose } from "./propose.js";

/** Crops in one run of R-Net and of O-Net. */
const refineChunk = 256;
const outputChunk = 64;

interface MtcnnSessions {
  readonly pnet: Session<"score" | "offsets">;
  readonly rnet: Session<"score" | "offsets">;
  readonly onet: Session<"score" | "offsets" | "landmarks">;
}

/**
 * MTCNN (Zhang et al. 2016, arXiv:1604.02878) over a batch of images of any sizes: a proposal, a
 * refinement and an output network, each run over the candidates of all images together. A batch of N
 * gives what N batches of 1 give.
 */
export class Mtcnn {
  private constructor(
    private readonly sessions: MtcnnSessions,
    private readonly settings: DetectorSettings,
  ) {}

  static async load(engine: InferenceEngine, { manifest, weights }: ModelPack): Promise<Mtcnn> {
    const sessions = {
      pnet: await engine.compile(pnet, weights),
      rnet: await engine.compile(rnet, weights),
      onet: await engine.compile(onet, weights),
    };
    return new Mtcnn(sessions, manifest.detector);
  }

  /** Faces of each image, best score first. Same length and order as `inputs`. */
  async detect(inputs: readonly DetectionInput[]): Promise<Detection[][]> {
    const { sessions, settings } = this;
    const { standardisation } = settings;
    const images = inputs.map(({ image }) => image);
    const proposed = await propose(sessions.pnet, inputs, settings);
    const refineCrops = { side: 24, chunkSize: refineChunk, standardisation };
    const refined = refine(await judgeCrops(sessions.rnet, images, proposed, refineCrops), settings);
    const outputCrops = { side: 48, chunkSize: outputChunk, standardisation };
    const found = output(await judgeCrops(sessions.onet, images, refined, outputCrops), settings);
    const perImage: Detection[][] = inputs.map(() => []);
    for (const detection of found) perImage[detection.image]!.push(detection);
    return perImage;
  }

  /** Runs each network once, on an input that holds nothing. */
  async warmUp(): Promise<void> {
    const blank = (side: number): Tensor => ({ data: new Float32Array(side * side * 3), shape: [1, side, side, 3] });
    await this.sessions.pnet.run(blank(96));
    await this.sessions.rnet.run(blank(24));
    await this.sessions.onet.run(blank(48));
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.sessions).map((session) => session.close()));
  }
}

/** Second stage: keeps what R-Net believes, one box a face, regressed and square. */
function refine(
  judged: readonly Judged<"score" | "offsets">[],
  { thresholds: [, threshold], nms }: DetectorSettings,
): CandidateBox[] {
  const believed = judged.map(rescore).filter(({ score }) => score > threshold);
  const kept = suppressNonMaxima(believed, nms.refine, overUnion);
  return kept.map((box) => toSquare(regress(plain(box), offsetsAt(box.outputs.offsets, box.row), 1)));
}

/** Third stage: O-Net's score, box and landmarks. */
function output(
  judged: readonly Judged<"score" | "offsets" | "landmarks">[],
  { thresholds: [, , threshold], nms }: DetectorSettings,
): Detection[] {
  const detections = judged
    .map(rescore)
    .filter(({ score }) => score > threshold)
    .map((box) => ({
      ...regress(plain(box), offsetsAt(box.outputs.offsets, box.row), 1),
      landmarks: landmarksAt(box.outputs.landmarks, box.row, box),
    }));
  return suppressNonMaxima(detections, nms.output, overSmaller);
}

type Rescored<Output extends string> = CandidateBox & Pick<Judged<Output>, "outputs" | "row">;

/** The box with the network's probability of a face in place of its former score. */
function rescore<Output extends string>({ box, outputs, row }: Judged<Output | "score">): Rescored<Output | "score"> {
  return { ...box, outputs, row, score: outputs.score.data[row * 2 + 1]! };
}

function plain({ image, x1, y1, x2, y2, score }: CandidateBox): CandidateBox {
  return { image, x1, y1, x2, y2, score };
}

/** Landmarks come as x1..x5, y1..y5, shares of the box before its regression (its last pixel counted in). */
function landmarksAt({ data }: Tensor, row: number, box: CandidateBox): Landmarks {
  const width = box.x2 - box.x1 + 1;
  const height = box.y2 - box.y1 + 1;
  const point = (i: number): Point => ({
    x: width * data[row * 10 + i]! + box.x1 - 1,
    y: height * data[row * 10 + 5 + i]! + box.y1 - 1,
  });
  return { leftEye: point(0), rightEye: point(1), nose: point(2), mouthLeft: point(3), mouthRight: point(4) };
}
