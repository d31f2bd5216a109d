import type { Session, Tensor } from "../engines/index.js";
import { areaFilter, type Region, type RgbImage, resample } from "../imaging/index.js";
import type { Standardisation } from "../models/index.js";
import type { CandidateBox } from "./candidate-box.js";

/** A candidate and the row of a run's outputs that speaks of it. */
export interface Judged<Output extends string> {
  readonly box: CandidateBox;
  readonly outputs: Record<Output, Tensor>;
  readonly row: number;
}

export interface CropSettings {
  /** Side of the network's input, in pixels. */
  readonly side: number;
  /** Crops in one run. */
  readonly chunkSize: number;
  readonly standardisation: Standardisation;
}

/**
 * Runs a network once over the crops of all images' candidates, a chunk at a time. Candidates that
 * lie outside their image have no crop and get no answer: box and output stay together.
 */
export async function judgeCrops<Output extends string>(
  session: Session<Output>,
  images: readonly RgbImage[],
  boxes: readonly CandidateBox[],
  { side, chunkSize, standardisation }: CropSettings,
): Promise<Judged<Output>[]> {
  const crops = boxes.flatMap((box) => {
    const region = cropRegion(box, images[box.image]!);
    return region ? [{ box, region }] : [];
  });
  const judged: Judged<Output>[] = [];
  for (let start = 0; start < crops.length; start += chunkSize) {
    const chunk = crops.slice(start, start + chunkSize);
    const data = new Float32Array(chunk.length * side * side * 3);
    for (const [i, { box, region }] of chunk.entries()) {
      const image = images[box.image]!;
      resample(image, region, { width: side, height: side }, areaFilter, standardisation, data, i * side * side * 3);
    }
    const outputs = await session.run({ data, shape: [chunk.length, side, side, 3] });
    for (const [row, { box }] of chunk.entries()) judged.push({ box, outputs, row });
  }
  return judged;
}

/** The pixels of a box that lie in the image. The reference counts pixels from 1 and both ends in. */
function cropRegion(box: CandidateBox, image: RgbImage): Region | undefined {
  const left = Math.max(1, Math.trunc(box.x1)) - 1;
  const top = Math.max(1, Math.trunc(box.y1)) - 1;
  const right = Math.min(image.width, Math.trunc(box.x2));
  const bottom = Math.min(image.height, Math.trunc(box.y2));
  return right > left && bottom > top ? { left, top, right, bottom } : undefined;
}
