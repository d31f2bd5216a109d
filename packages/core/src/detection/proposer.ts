import type { CallOptions } from "../batching/index.js";
import { rowOf, runEach, type Session, type Tensor } from "../engines/index.js";
import { type SummedAreaTable, wholeImage } from "../imaging/index.js";
import type { PackManifest } from "../models/index.js";
import { type Band, bandsOf, cellStride } from "./bands.js";
import { type CandidateBox, regress, toSquare } from "./candidate-box.js";
import { faceProbability, logitMargin } from "./face-probability.js";
import { cellSize, imagePyramid, type PyramidLevel } from "./image-pyramid.js";
import { overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";

/**
 * Pixels of all levels in one run. Bounds the memory of large images and of batches of them; feature maps of many more
 * pixels would leave a CPU's cache.
 */
const maxPixelsPerRun = 262_144;

interface Proposal extends CandidateBox {
  readonly offsets: Float32Array;
}

/** What the pack says about MTCNN. */
export type MtcnnSettings = PackManifest["detectors"]["mtcnn"];

/** What P-Net looks at in one go: a band of one of the sizes of an image. */
export interface LevelBand {
  readonly image: SummedAreaTable;
  readonly level: PyramidLevel;
  readonly band: Band;
}

/** What P-Net sees in one band, in the order of its cells. */
export interface SearchedBand {
  readonly proposals: Proposal[];
  /** What the band took to make. */
  readonly pyramidMs: number;
}

/** The bands of all sizes of an image, the largest size first. */
export function levelBands(image: SummedAreaTable, minFaceSize: number, { pyramidFactor }: MtcnnSettings): LevelBand[] {
  const levels = imagePyramid(image.width, image.height, minFaceSize, pyramidFactor);
  return levels.flatMap((level) => bandsOf(level, maxPixelsPerRun).map((band) => ({ image, level, band })));
}

/** What P-Net's time goes with. */
export function bandPixels({ level, band }: LevelBand): number {
  return level.width * (band.bottom - band.top);
}

/**
 * What is proposed for an image, from what was seen in all of its bands.
 * @returns square boxes, best first
 */
export async function proposedBoxes(
  bands: readonly LevelBand[],
  searched: readonly SearchedBand[],
  { nms }: MtcnnSettings,
  call?: CallOptions,
): Promise<CandidateBox[]> {
  const byLevel = new Map<PyramidLevel, Proposal[]>();
  for (const [index, { level }] of bands.entries()) {
    const ofLevel = byLevel.get(level) ?? [];
    for (const proposal of searched[index]!.proposals) ofLevel.push(proposal);
    byLevel.set(level, ofLevel);
  }
  const kept: Proposal[] = [];
  for (const ofLevel of byLevel.values()) {
    // Scores saturate at 1 and tie; the reference then takes the last cell.
    const best = await suppressNonMaxima(ofLevel.reverse(), nms.level, overUnion, call);
    for (const proposal of best) kept.push(proposal);
  }
  const best = await suppressNonMaxima(kept, nms.pyramid, overUnion, call);
  return best.map((box) => toSquare(regress(box, box.offsets, 0)));
}

type SeenByPnet = Readonly<Record<"logits" | "offsets", Tensor>>;

/** P-Net over bands of any images, one batch at a time. */
export class Proposer {
  constructor(
    private readonly session: Session<"logits" | "offsets">,
    private readonly settings: MtcnnSettings,
  ) {}

  /** What is seen in each band. Those of equal size share runs; while one is computed, the next is made. */
  async search(bands: readonly LevelBand[]): Promise<SearchedBand[]> {
    const searched = new Map<LevelBand, SearchedBand>();
    const runs = runsOf(bands).map((alike) => {
      let pyramidMs: readonly number[] = [];
      return {
        length: alike.reduce((sum, band) => sum + bandPixels(band) * 3, 0),
        write: (memory: Float32Array) => {
          const { stack, ...made } = this.stackBands(alike, memory);
          pyramidMs = made.pyramidMs;
          return stack;
        },
        read: (output: SeenByPnet) => this.proposeFrom(output, alike, pyramidMs, searched),
      };
    });
    await runEach(this.session, runs);
    return bands.map((band) => searched.get(band)!);
  }

  private proposeFrom(
    output: SeenByPnet,
    bands: readonly LevelBand[],
    pyramidMs: readonly number[],
    searched: Map<LevelBand, SearchedBand>,
  ): void {
    for (const [index, band] of bands.entries()) {
      const proposals = cellsAbove(this.settings.thresholds[0], output, index, band);
      searched.set(band, { proposals, pyramidMs: pyramidMs[index]! });
    }
  }

  private stackBands(bands: readonly LevelBand[], data: Float32Array): { stack: Tensor; pyramidMs: number[] } {
    const {
      level: { width, height },
      band: { top, bottom },
    } = bands[0]!;
    const rows = bottom - top;
    const size = { width, height, top, bottom };
    const pyramidMs = bands.map(({ image }, index) => {
      const started = performance.now();
      image.resize(wholeImage(image), size, this.settings.standardisation, data, index * rows * width * 3);
      return performance.now() - started;
    });
    return { stack: { data, shape: [bands.length, rows, width, 3] }, pyramidMs };
  }
}

/** Groups bands of equal place and size, and cuts groups that are too large for one run. */
function runsOf(bands: readonly LevelBand[]): LevelBand[][] {
  const bySize = new Map<string, LevelBand[]>();
  for (const one of bands) {
    const { level, band } = one;
    const key = `${level.width}x${level.height} ${band.top}-${band.bottom}`;
    const others = bySize.get(key);
    if (others) others.push(one);
    else bySize.set(key, [one]);
  }
  return [...bySize.values()].flatMap((group) => {
    return chunk(group, Math.max(1, Math.floor(maxPixelsPerRun / bandPixels(group[0]!))));
  });
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

/**
 * From a level's pixel to the image's. The reference divides in float32: where a quotient is a whole
 * number (one in three at scale 0.6), that decides which pixel it is cut down to.
 */
function toImage(pixel: number, scale: number): number {
  return Math.floor(Math.fround(pixel / Math.fround(scale)));
}

/** The cells of a band whose score passes, as boxes of the upright image. */
function cellsAbove(
  threshold: number,
  { logits, offsets }: Readonly<Record<"logits" | "offsets", Tensor>>,
  index: number,
  { level: { scale }, band: { top } }: LevelBand,
): Proposal[] {
  const [, rows, columns] = logits.shape;
  const proposals: Proposal[] = [];
  const { data } = logits;
  // Most cells are no face, and an exponential each would be wasted on them.
  const margin = logitMargin(threshold) - 1e-6;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = (index * rows + row) * columns + column;
      if (data[cell * 2 + 1]! - data[cell * 2]! < margin) continue;
      const score = faceProbability(data, cell * 2);
      if (score < threshold) continue;
      proposals.push({
        x1: toImage(cellStride * column + 1, scale),
        y1: toImage(top + cellStride * row + 1, scale),
        x2: toImage(cellStride * column + cellSize, scale),
        y2: toImage(top + cellStride * row + cellSize, scale),
        score,
        offsets: rowOf(offsets, cell),
      });
    }
  }
  return proposals;
}
