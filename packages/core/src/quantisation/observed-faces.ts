import { type RgbImage, resample, wholeImage } from "../imaging/index.js";
import type { PackManifest } from "../models/index.js";

/** How many faces show what the maps reach: of more, the outliers only make the steps coarser. */
const count = 96;

/** Sides of small faces, in pixels: about 20 is the smallest that is looked for. */
const smallSides = [20, 28, 40];

/**
 * Some of the crops, evenly spread; every second one as it would be of a small face. Blurred faces make other maps than
 * sharp ones, and a network that was quantised by sharp ones alone takes those of a crowd for others.
 */
export function observedFaces(crops: readonly Float32Array[], { embedder }: PackManifest): Float32Array[] {
  const taken = Math.min(count, crops.length);
  return Array.from({ length: taken }, (_, i) => {
    const crop = crops[Math.floor((i * crops.length) / taken)]!;
    return i % 2 === 0 ? crop : ofSmallFace(crop, smallSides[((i - 1) / 2) % smallSides.length]!, embedder);
  });
}

/** The crop shrunk to so many pixels, and enlarged again, in whole pixels. */
function ofSmallFace(crop: Float32Array, side: number, { inputSize, standardisation }: PackManifest["embedder"]) {
  const { mean, scale } = standardisation;
  const picture = toPicture(
    crop.map((value) => value * scale + mean),
    inputSize,
  );
  const small = toPicture(resized(picture, side), side);
  return resized(small, inputSize).map((pixel) => (Math.round(pixel) - mean) / scale);
}

function toPicture(pixels: Float32Array, side: number): RgbImage {
  return { width: side, height: side, data: Uint8Array.from(pixels, Math.round) };
}

function resized(picture: RgbImage, side: number): Float32Array {
  const out = new Float32Array(side * side * 3);
  resample(picture, wholeImage(picture), { width: side, height: side }, { mean: 0, scale: 1 }, out);
  return out;
}
