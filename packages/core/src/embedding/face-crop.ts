import type { Landmarks } from "@facefleet/contracts";
import {
  estimateSimilarity,
  type FaceBox,
  type FaceView,
  inverse,
  marginCrop,
  mirrorSquare,
  warpSquare,
} from "../alignment/index.js";
import { type RgbImage, resample } from "../imaging/index.js";
import type { PackManifest, Standardisation } from "../models/index.js";

/** Where a face is. One without landmarks is not aligned by them: its box stands for it. */
export interface LocatedFace extends FaceBox {
  readonly landmarks?: Landmarks;
}

/** One view of one face of one image. */
export interface FaceCrop {
  readonly image: RgbImage;
  readonly face: LocatedFace;
  readonly view: FaceView;
}

type CropSettings = Pick<PackManifest, "embedder" | "alignedLandmarks">;

/** Cuts a crop out of its image, standardised, into `out` from `offset` on: inputSize x inputSize x RGB. */
export function writeCrop({ image, face, view }: FaceCrop, settings: CropSettings, out: Float32Array, offset: number) {
  const { inputSize: side, cropMargin, standardisation, wholePixels } = settings.embedder;
  const toImage = view.alignment === "landmarks" ? alignment(face, settings) : undefined;
  if (toImage) {
    warpSquare(image, toImage, side, standardisation, out, offset);
  } else {
    const region = marginCrop(face, image, cropMargin, side);
    resample(image, region, { width: side, height: side }, standardisation, out, offset);
  }
  const crop = out.subarray(offset, offset + side * side * 3);
  if (wholePixels) roundPixels(crop, standardisation);
  if (view.mirrored) mirrorSquare(crop, side);
}

/** As if the crop had been kept as a picture of 8 bits. */
function roundPixels(crop: Float32Array, { mean, scale }: Standardisation): void {
  for (let i = 0; i < crop.length; i++) crop[i] = (Math.round(crop[i]! * scale + mean) - mean) / scale;
}

/** From the network's input to the image; undefined for landmarks that give no direction. */
function alignment({ landmarks }: LocatedFace, { alignedLandmarks }: CropSettings) {
  const toInput = landmarks && estimateSimilarity(points(landmarks), points(alignedLandmarks));
  return toInput && inverse(toInput);
}

function points({ leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks) {
  return [leftEye, rightEye, nose, mouthLeft, mouthRight];
}
