import type { Session, Tensor } from "../engines/index.js";
import { areaFilter, type RgbImage, resample, wholeImage } from "../imaging/index.js";
import type { PackManifest, Standardisation } from "../models/index.js";
import { type BoxOffsets, type CandidateBox, offsetsAt, regress, toSquare } from "./candidate-box.js";
import { cellSize, imagePyramid, type PyramidLevel } from "./image-pyramid.js";
import { overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";

/** Pixels between neighbouring cells of P-Net. */
const cellStride = 2;

/** Pixels of all levels in one run: bounds the memory of a batch of large images. */
const maxPixelsPerRun = 2_000_000;

/** A size at which one image of the batch is looked at. */
interface ImageLevel extends PyramidLevel {
  readonly image: number;
}

interface Proposal extends CandidateBox {
  readonly offsets: BoxOffsets;
}

/** What the pack says about its detector. */
export type DetectorSettings = PackManifest["detector"];

export interface DetectionInput {
  readonly image: RgbImage;
  /** Side of the smallest face to find, in pixels; at least 12. */
  readonly minFaceSize: number;
}

/**
 * The first stage of MTCNN: P-Net over the pyramids of all images. Levels of equal size share a run.
 * Answers square candidates.
 */
export async function propose(
  session: Session<"score" | "offsets">,
  inputs: readonly DetectionInput[],
  { pyramidFactor, standardisation, thresholds: [threshold], nms }: DetectorSettings,
): Promise<CandidateBox[]> {
  const proposals: Proposal[] = [];
  for (const levels of runsOf(allLevels(inputs, pyramidFactor))) {
    const { score, offsets } = await session.run(stackLevels(inputs, levels, standardisation));
    for (const [index, level] of levels.entries()) {
      // Scores saturate at 1 and tie; the reference then takes the last cell.
      const found = cellsAbove(threshold, score, offsets, index, level).reverse();
      for (const box of suppressNonMaxima(found, nms.level, overUnion)) proposals.push(box);
    }
  }
  const kept = suppressNonMaxima(proposals, nms.pyramid, overUnion);
  return kept.map(({ offsets, ...box }) => toSquare(regress(box, offsets, 0)));
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

function stackLevels(
  inputs: readonly DetectionInput[],
  levels: readonly ImageLevel[],
  standardisation: Standardisation,
): Tensor {
  const { width, height } = levels[0]!;
  const data = new Float32Array(levels.length * height * width * 3);
  for (const [index, level] of levels.entries()) {
    const { image } = inputs[level.image]!;
    resample(image, wholeImage(image), level, areaFilter, standardisation, data, index * height * width * 3);
  }
  return { data, shape: [levels.length, height, width, 3] };
}

/**
 * From a level's pixel to the image's. The reference divides in float32: where a quotient is a whole
 * number (one in three at scale 0.6), that decides which pixel it is cut down to.
 */
function toImage(pixel: number, scale: number): number {
  return Math.floor(Math.fround(pixel / Math.fround(scale)));
}

/** The cells of one level whose score passes, as boxes of the upright image. */
function cellsAbove(
  threshold: number,
  score: Tensor,
  offsets: Tensor,
  index: number,
  { image, scale }: ImageLevel,
): Proposal[] {
  const [, rows, columns] = score.shape;
  const proposals: Proposal[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = (index * rows + row) * columns + column;
      const probability = score.data[cell * 2 + 1]!;
      if (probability < threshold) continue;
      proposals.push({
        image,
        x1: toImage(cellStride * column + 1, scale),
        y1: toImage(cellStride * row + 1, scale),
        x2: toImage(cellStride * column + cellSize, scale),
        y2: toImage(cellStride * row + cellSize, scale),
        score: probability,
        offsets: offsetsAt(offsets, cell),
      });
    }
  }
  return proposals;
}
