import type { CallOptions, DynamicBatcher, StageBatcher } from "../batching/index.js";
import type { InferenceEngine, Session, Tensor } from "../engines/index.js";
import { SummedAreaTable, tableBytesPerPixel } from "../imaging/index.js";
import type { ModelPack } from "../models/index.js";
import { onet, pnet, rnet } from "../nets/index.js";
import { type CandidateBox, regress, toSquare } from "./candidate-box.js";
import { type CandidateCrop, cropCandidates, cropJudge, type Judgement, onetBatchSize } from "./candidate-crop.js";
import type { Detection } from "./detection.js";
import type { DetectionInput, Detector, ImageDetections } from "./detector.js";
import { faceProbability } from "./face-probability.js";
import { overSmaller, overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";
import { type OnetJudgement, refinedByOnet } from "./onet-judgement.js";
import {
  bandPixels,
  type LevelBand,
  levelBands,
  type MtcnnSettings,
  Proposer,
  proposedBoxes,
  type SearchedBand,
} from "./proposer.js";

/** Pixels of all bands in one batch of the first stage: some tens of milliseconds on a CPU. */
const proposeBatchPixels = 524_288;
/** Crops in one run of R-Net. */
const refineBatchSize = 128;

interface MtcnnSessions {
  readonly pnet: Session<"logits" | "offsets">;
  readonly rnet: Session<"logits" | "offsets">;
  readonly onet: Session<"logits" | "offsets" | "landmarks">;
}

interface SearchedTogether extends SearchedBand {
  /** Images in the batch that the band was in. */
  readonly batchSize: number;
}

/**
 * MTCNN (Zhang et al. 2016, arXiv:1604.02878): a proposal, a refinement and an output network. Images that
 * are looked at together share the runs of each: of P-Net by bands of their levels, of R- and O-Net by candidate.
 */
export class Mtcnn implements Detector {
  readonly bytesPerPixel = tableBytesPerPixel;
  private readonly proposals: DynamicBatcher<LevelBand, SearchedTogether>;
  private readonly refinements: DynamicBatcher<CandidateCrop, Judgement<"logits" | "offsets">>;
  private readonly outputs: DynamicBatcher<CandidateCrop, OnetJudgement>;

  private constructor(
    private readonly sessions: MtcnnSessions,
    private readonly settings: MtcnnSettings,
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
      maxBatchSize: onetBatchSize,
      run: cropJudge(sessions.onet, 48, standardisation),
    });
  }

  static async load(engine: InferenceEngine, { manifest, weights }: ModelPack, batcher: StageBatcher): Promise<Mtcnn> {
    const sessions = {
      pnet: await engine.compile(pnet, weights),
      rnet: await engine.compile(rnet, weights),
      onet: await engine.compile(onet, weights),
    };
    return new Mtcnn(sessions, manifest.detectors.mtcnn, batcher);
  }

  async detect({ image: pixels, minFaceSize }: DetectionInput, call?: CallOptions): Promise<ImageDetections> {
    const { settings } = this;
    const started = performance.now();
    const image = await SummedAreaTable.of(pixels, call);
    const tableMs = performance.now() - started;
    const bands = levelBands(image, minFaceSize, settings);
    const searched = await this.proposals.submit(bands, call);
    const proposed = cropCandidates(image, await proposedBoxes(bands, searched, settings, call));
    const refined = await refine(proposed, await this.refinements.submit(proposed, call), settings, call);
    const refinedCrops = cropCandidates(image, refined);
    const judged = await this.outputs.submit(refinedCrops, call);
    const detections = await output(refinedCrops, judged, settings, call);
    const pyramidMs = searched.reduce((sum, { pyramidMs }) => sum + pyramidMs, tableMs);
    return { detections, pyramidMs, batchSize: searched[0]?.batchSize ?? 1 };
  }

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
  { thresholds: [, threshold], nms }: MtcnnSettings,
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
  judgements: readonly OnetJudgement[],
  { thresholds: [, , threshold], nms }: MtcnnSettings,
  call: CallOptions | undefined,
): Promise<Detection[]> {
  const detections = crops
    .map(({ box }, i) => {
      const judgement = judgements[i]!;
      return refinedByOnet({ ...box, score: faceProbability(judgement.logits) }, judgement);
    })
    .filter(({ score }) => score > threshold)
    // Candidates cut to the same pixels tie. Their place decides, not the order in which they came.
    .sort((a, b) => b.x1 - a.x1);
  return await suppressNonMaxima(detections, nms.output, overSmaller, call);
}
