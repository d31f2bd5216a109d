import { rowOf, Scratch, type Session, type Tensor } from "../engines/index.js";
import { type SummedAreaTable, wholeImage } from "../imaging/index.js";
import type { PackManifest, Standardisation } from "../models/index.js";
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

/** A size at which one image of the batch is looked at. */
interface ImageLevel extends PyramidLevel {
  /** Index of the image in the batch. */
  readonly image: number;
}

interface Proposal extends CandidateBox {
  readonly offsets: Float32Array;
}

/** What the pack says about its detector. */
export type DetectorSettings = PackManifest["detector"];

export interface DetectionInput {
  readonly image: SummedAreaTable;
  /** Side of the smallest face to find, in pixels; at least 12. */
  readonly minFaceSize: number;
}

export interface Proposed {
  /** Square, best first. */
  readonly candidates: CandidateBox[];
  /** What the image's own levels took to make. */
  readonly pyramidMs: number;
}

/** The first stage of MTCNN: P-Net over the pyramids of a batch of images, one batch at a time. */
export class Proposer {
  private readonly scratch = new Scratch();

  constructor(
    private readonly session: Session<"logits" | "offsets">,
    private readonly settings: DetectorSettings,
  ) {}

  /** What is proposed for each image. Levels of equal size share a run; a large one takes several. */
  async propose(inputs: readonly DetectionInput[]): Promise<Proposed[]> {
    const { pyramidFactor, nms } = this.settings;
    const proposals: Proposal[][] = inputs.map(() => []);
    const pyramidMs: number[] = inputs.map(() => 0);
    for (const levels of runsOf(allLevels(inputs, pyramidFactor))) {
      const found = await this.search(inputs, levels, pyramidMs);
      for (const [index, { image }] of levels.entries()) {
        // Scores saturate at 1 and tie; the reference then takes the last cell.
        const kept = suppressNonMaxima(found[index]!.reverse(), nms.level, overUnion);
        for (const box of kept) proposals[image]!.push(box);
      }
    }
    return proposals.map((ofImage, image) => {
      const kept = suppressNonMaxima(ofImage, nms.pyramid, overUnion);
      return { candidates: kept.map((box) => toSquare(regress(box, box.offsets, 0))), pyramidMs: pyramidMs[image]! };
    });
  }

  /** The proposals of levels of equal size, in the order of their cells. Adds to what each image's pyramid took. */
  private async search(
    inputs: readonly DetectionInput[],
    levels: readonly ImageLevel[],
    pyramidMs: number[],
  ): Promise<Proposal[][]> {
    const { standardisation, thresholds } = this.settings;
    const found: Proposal[][] = levels.map(() => []);
    for (const band of bandsOf(levels[0]!, maxPixelsPerRun)) {
      const stack = stackLevels(inputs, levels, band, standardisation, this.scratch, pyramidMs);
      const output = await this.session.run(stack);
      for (const [index, level] of levels.entries()) {
        for (const cell of cellsAbove(thresholds[0], output, index, level, band)) found[index]!.push(cell);
      }
    }
    return found;
  }
}

/** Pixels of all levels of an image: what P-Net's time goes with. */
export function pyramidPixels(input: DetectionInput, { pyramidFactor }: DetectorSettings): number {
  return allLevels([input], pyramidFactor).reduce((sum, { width, height }) => sum + width * height, 0);
}

function allLevels(inputs: readonly DetectionInput[], factor: number): ImageLevel[] {
  return inputs.flatMap(({ image, minFaceSize }, index) =>
    imagePyramid(image.width, image.height, minFaceSize, factor).map((level) => ({ ...level, image: index })),
  );
}

/** Groups levels of equal size, and cuts groups that are too large for one run. */
function runsOf(levels: readonly ImageLevel[]): ImageLevel[][] {
  const bySize = new Map<string, ImageLevel[]>();
  for (const level of levels) {
    const key = `${level.width}x${level.height}`;
    bySize.set(key, [...(bySize.get(key) ?? []), level]);
  }
  return [...bySize.values()].flatMap((group) => {
    const { width, height } = group[0]!;
    return chunk(group, Math.max(1, Math.floor(maxPixelsPerRun / (width * height))));
  });
}

function chunk<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

/** One band of levels of equal size. Adds what each took to its image's milliseconds. */
function stackLevels(
  inputs: readonly DetectionInput[],
  levels: readonly ImageLevel[],
  { top, bottom }: Band,
  standardisation: Standardisation,
  scratch: Scratch,
  pyramidMs: number[],
): Tensor {
  const { width, height } = levels[0]!;
  const rows = bottom - top;
  const size = { width, height, top, bottom };
  const data = scratch.take(levels.length * rows * width * 3);
  for (const [index, level] of levels.entries()) {
    const { image } = inputs[level.image]!;
    const started = performance.now();
    image.resize(wholeImage(image), size, standardisation, data, index * rows * width * 3);
    pyramidMs[level.image]! += performance.now() - started;
  }
  return { data, shape: [levels.length, rows, width, 3] };
}

/**
 * From a level's pixel to the image's. The reference divides in float32: where a quotient is a whole
 * number (one in three at scale 0.6), that decides which pixel it is cut down to.
 */
function toImage(pixel: number, scale: number): number {
  return Math.floor(Math.fround(pixel / Math.fround(scale)));
}

/** The cells of one level's band whose score passes, as boxes of the upright image. */
function cellsAbove(
  threshold: number,
  { logits, offsets }: Readonly<Record<"logits" | "offsets", Tensor>>,
  index: number,
  { scale }: ImageLevel,
  { top }: Band,
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
