import { rowOf, type Session } from "../engines/index.js";
import type { Region, RegionResizer } from "../imaging/index.js";
import type { Standardisation } from "../models/index.js";
import type { CandidateBox } from "./candidate-box.js";

/** Crops in one run of O-Net. */
export const onetBatchSize = 32;

/** A candidate with the pixels that the next network judges it by. */
export interface CandidateCrop {
  readonly image: RegionResizer;
  readonly box: CandidateBox;
  readonly region: Region;
}

/** What a network answered for one crop: a row of each output. */
export type Judgement<Output extends string> = Record<Output, Float32Array>;

/** The crops of an image's candidates. A candidate that lies outside the image is left out. */
export function cropCandidates(image: RegionResizer, boxes: readonly CandidateBox[]): CandidateCrop[] {
  return boxes.flatMap((box) => {
    const region = regionWithin(box, image);
    return region ? [{ image, box, region }] : [];
  });
}

/** Runs a network of a square input of `side` pixels over crops of any images, one batch at a time. */
export function cropJudge<Output extends string>(
  session: Session<Output>,
  side: number,
  standardisation: Standardisation,
): (crops: readonly CandidateCrop[]) => Promise<Judgement<Output>[]> {
  const size = { width: side, height: side };
  return async (crops) => {
    const data = session.input(crops.length * side * side * 3);
    for (const [i, { image, region }] of crops.entries()) {
      image.resize(region, size, standardisation, data, i * side * side * 3);
    }
    const outputs = await session.run({ data, shape: [crops.length, side, side, 3] });
    const names = Object.keys(outputs) as Output[];
    return crops.map(
      (_, row) => Object.fromEntries(names.map((name) => [name, rowOf(outputs[name], row)])) as Judgement<Output>,
    );
  };
}

/** The pixels of a box that lie in the image. The reference counts pixels from 1 and both ends in. */
function regionWithin(box: CandidateBox, image: RegionResizer): Region | undefined {
  const left = Math.max(1, Math.trunc(box.x1)) - 1;
  const top = Math.max(1, Math.trunc(box.y1)) - 1;
  const right = Math.min(image.width, Math.trunc(box.x2));
  const bottom = Math.min(image.height, Math.trunc(box.y2));
  return right > left && bottom > top ? { left, top, right, bottom } : undefined;
}
