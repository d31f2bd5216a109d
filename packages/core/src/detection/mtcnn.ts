import type { Landmarks, Point } from "@facefleet/contracts";
import type { CallOptions, DynamicBatcher, StageBatcher } from "../batching/index.js";
import type { InferenceEngine, Session, Tensor } from "../engines/index.js";
import type { ModelPack } from "../models/index.js";
import { onet, pnet, rnet } from "../nets/index.js";
import { type CandidateBox, regress, toSquare } from "./candidate-box.js";
import { type CandidateCrop, cropCandidates, cropJudge, type Judgement } from "./candidate-crop.js";
import type { Detection } from "./detection.js";
import { faceProbability } from "./face-probability.js";
import { overSmaller, overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";
import {
  bandPixels,
  type DetectionInput,
  type DetectorSettings,
  type LevelBand,
  levelBands,
  Proposer,
  proposedBoxes,
  type SearchedBand,
} from "./proposer.js";

/** Pixels of all bands in one batch of the first stage: some tens of milliseconds on a CPU. */
const proposeBatchPixels = 524_288;
/** Crops in one run of R-Net and of O-Net. */
const refineBatchSize = 128;
const outputBatchSize = 32;

interface MtcnnSessions {
  readonly pnet: Session<"logits" | "offsets">;
  readonly rnet: Session<"logits" | "offsets">;
  readonly onet: Session<"logits" | "offsets" | "landmarks">;
}

interface SearchedTogether extends SearchedBand {
  /** Images in the batch that the band was in. */
  readonly batchSize: number;
}

export interface ImageDetections {
  /** Best score first. */
  readonly detections: Detection[];
  /** What the image's own levels took to make. */
  readonly pyramidMs: number;
  /** Images in the batch that it was first looked at in. */
  readonly batchSize: number;
}

/**
 * MTCNN (Zhang et al. 2016, arXiv:1604.02878): a proposal, a refinement and an output network. Images that
 * are looked at together share the runs of each: of P-Net by bands of their levels, of R- and O-Net by candidate.
 */
export class Mtcnn {
  private readonly proposals: DynamicBatcher<LevelBand, SearchedTogether>;
  private readonly refinements: DynamicBatcher<CandidateCrop, Judgement<"logits" | "offsets">>;
  private readonly outputs: DynamicBatcher<CandidateCrop, Judgement<"logits" | "offsets" | "landmarks">>;

  private constructor(
    private readonly sessions: MtcnnSessions,
    private readonly settings: DetectorSettings,
    batcher: StageBatcher,
  ) {
    const { standardisation } = settings;
    const proposer = new Proposer(sessions.pnet, settings);
    this.proposals = batcher({
      stage: "propose",
      maxBatchOf: "calls",
      weight: { of: bandPixels, max: proposeBatchPixels },
      run: async (bands) => {
        const batchSize = new Set(bands.map(({ image }) => image)).size;
        return (await proposer.search(bands)).map((searched) => ({ ...searched, batchSize }));
      },
    });
    this.refinements = batcher({
      stage: "refine",
      maxBatchSize: refineBatchSize,
      run: cropJudge(sessions.rnet, 24, standardisation),
    });
    this.outputs = batcher({
      stage: "output",
      maxBatchSize: outputBatchSize,
      run: cropJudge(sessions.onet, 48, standardisation),
    });
  }

  static async load(engine: InferenceEngine, { manifest, weights }: ModelPack, batcher: StageBatcher): Promise<Mtcnn> {
    const sessions = {
      pnet: await engine.compile(pnet, weights),
      rnet: await engine.compile(rnet, weights),
      onet: await engine.compile(onet, weights),
    };
    return new Mtcnn(sessions, manifest.detector, batcher);
  }

  /** The faces of one image. What it finds does not depend on what shares its runs. */
  async detect(input: DetectionInput, call?: CallOptions): Promise<ImageDetections> {
    const { settings } = this;
    const { image } = input;
    const bands = levelBands(input, settings);
    const searched = await this.proposals.submit(bands, call);
    const proposed = cropCandidates(image, await proposedBoxes(bands, searched, settings, call));
    const refined = await refine(proposed, await this.refinements.submit(proposed, call), settings, call);
    const refinedCrops = cropCandidates(image, refined);
    const judged = await this.outputs.submit(refinedCrops, call);
    const detections = await output(refinedCrops, judged, settings, call);
    const pyramidMs = searched.reduce((sum, { pyramidMs }) => sum + pyramidMs, 0);
    return { detections, pyramidMs, batchSize: searched[0]?.batchSize ?? 1 };
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
async function refine(
  crops: readonly CandidateCrop[],
  judgements: readonly Judgement<"logits" | "offsets">[],
  { thresholds: [, threshold], nms }: DetectorSettings,
  call: CallOptions | undefined,
): Promise<CandidateBox[]> {
  const believed = crops
    .map(({ box }, i) => ({ ...box, score: faceProbability(judgements[i]!.logits), offsets: judgements[i]!.offsets }))
    .filter(({ score }) => score > threshold);
  const kept = await suppressNonMaxima(believed, nms.refine, overUnion, call);
  return kept.map((box) => toSquare(regress(box, box.offsets, 1)));
}

/** Third stage: O-Net's score, box and landmarks. */
async function output(
  crops: readonly CandidateCrop[],
  judgements: readonly Judgement<"logits" | "offsets" | "landmarks">[],
  { thresholds: [, , threshold], nms }: DetectorSettings,
  call: CallOptions | undefined,
): Promise<Detection[]> {
  const detections = crops
    .map(({ box }, i) => {
      const judgement = judgements[i]!;
      const moved = regress({ ...box, score: faceProbability(judgement.logits) }, judgement.offsets, 1);
      return { ...moved, landmarks: landmarksIn(box, judgement.landmarks) };
    })
    .filter(({ score }) => score > threshold)
    // Candidates cut to the same pixels tie. Their place decides, not the order in which they came.
    .sort((a, b) => b.x1 - a.x1);
  return await suppressNonMaxima(detections, nms.output, overSmaller, call);
}

/** Landmarks come as x1..x5, y1..y5, shares of the box before its regression (its last pixel counted in). */
function landmarksIn(box: CandidateBox, shares: Float32Array): Landmarks {
  const width = box.x2 - box.x1 + 1;
  const height = box.y2 - box.y1 + 1;
  const point = (i: number): Point => ({
    x: width * shares[i]! + box.x1 - 1,
    y: height * shares[i + 5]! + box.y1 - 1,
  });
  return { leftEye: point(0), rightEye: point(1), nose: point(2), mouthLeft: point(3), mouthRight: point(4) };
}
