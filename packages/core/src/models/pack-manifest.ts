import type { DetectorName, JobOptions, Landmarks } from "@facefleet/contracts";
import type { DistanceMeasurement } from "@facefleet/matching";
import type { EmbedderName } from "../nets/index.js";

/** How many pixels' worth of value 0 is, and what one unit is: `(pixel - mean) / scale`. */
export interface Standardisation {
  readonly mean: number;
  readonly scale: number;
}

/** A file as it must be. */
export interface PinnedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** One pinned upstream file. */
export interface PackFile extends PinnedFile {
  /** Relative to its source's `url` and to its `mirrorPath` in a mirror. */
  readonly path: string;
}

/** Files of one upstream home. */
export interface PackSource {
  readonly name: string;
  readonly format: "facenet-npy" | "mtcnn-tfjs";
  /** The base URL of the files, ending in a slash. */
  readonly url: string;
  /** The folder of the files in a mirror, ending in a slash. */
  readonly mirrorPath: string;
  readonly licence: string;
  readonly files: readonly PackFile[];
}

/** Where the weights of a pack are from: they came along in `@facefleet/models`, or are converted from upstream files. */
export type PackOrigin =
  | { readonly kind: "built-in"; readonly file: string }
  | {
      readonly kind: "upstream";
      /** Tensors that upstream does not have, out of the weights of a built-in pack: their names here and there. */
      readonly borrowed: { readonly from: string; readonly tensors: Readonly<Record<string, string>> };
    };

/** A safetensors file as it must be, and where it is from. */
export interface PinnedWeights {
  readonly name: string;
  readonly weights: PinnedFile;
  readonly origin: PackOrigin;
}

interface MtcnnSettings {
  readonly name: "mtcnn";
  /** Of R- and P-Net, and of O-Net, for whichever detector it refines. */
  readonly standardisation: Standardisation;
  /** Between neighbouring levels of the image pyramid. */
  readonly pyramidFactor: number;
  /** Score thresholds of P-, R- and O-Net. */
  readonly thresholds: readonly [proposal: number, refine: number, output: number];
  /** IoU limits: within a pyramid level, across levels, after R-Net; after O-Net over the smaller box. */
  readonly nms: {
    readonly level: number;
    readonly pyramid: number;
    readonly refine: number;
    readonly output: number;
  };
}

interface YunetSettings {
  readonly name: "yunet";
  /** sha256 of its weights, which are in no pack. */
  readonly weights: string;
  /** Lowest score of a face. */
  readonly threshold: number;
  /** IoU limit of its boxes. */
  readonly nms: number;
  /** How large the smallest face that is looked for is where it is looked for, in pixels, unless it is smaller in the image. */
  readonly smallestFace: number;
}

interface DetectorSettings {
  readonly mtcnn: MtcnnSettings;
  readonly yunet: YunetSettings;
}

/**
 * A model pack as this version of the software knows it: its weights, what they were made from, and how its networks are
 * used. The weights are one safetensors file with
 *
 * - the layers of its networks, under the names that `nets/` gives them;
 * - `mean/standard` and `mean/high`, the mean embeddings that are subtracted from those of each kind;
 * - `check/crops`, faces of inputSize x inputSize x RGB as bytes, and `check/embeddings`, what its embedder makes of
 *   them, of length 1 and less no mean: what an engine must come to before it is used.
 */
export interface PackManifest extends PinnedWeights {
  /** What the weights were made from, whoever did so. */
  readonly sources: readonly PackSource[];
  /** How each detector finds the faces that are embedded. */
  readonly detectors: { readonly [Name in DetectorName]: DetectorSettings[Name] };
  readonly embedder: {
    readonly name: EmbedderName;
    readonly dimensions: number;
    /** Side of the square input, in pixels. */
    readonly inputSize: number;
    readonly colourOrder: "rgb";
    readonly standardisation: Standardisation;
    /** Pixels of the input that lie outside the face's box, both sides together. */
    readonly cropMargin: number;
    /** Whether the pixels of a crop are rounded to whole numbers, as a picture of 8 bits has them. */
    readonly wholePixels: boolean;
  };
  /** Where a face's landmarks lie in the input, in pixels, when it is aligned by them. */
  readonly alignedLandmarks: Landmarks;
  /** What is known about the distances of embeddings, by what finds the faces and by their kind. */
  readonly distances: Readonly<
    Record<DetectorName, Readonly<Record<JobOptions["embedding"], readonly DistanceMeasurement[]>>>
  >;
}

export function packFiles(manifest: PackManifest): readonly PackFile[] {
  return manifest.sources.flatMap((source) => source.files);
}

export function totalBytes(files: readonly PinnedFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** Parses a line of a pinned list: `<sha256> <bytes> <path>`. */
export function parsePinnedFile(line: string): PackFile {
  const match = /^([0-9a-f]{64}) (\d+) (\S+)$/.exec(line);
  if (match === null) throw new Error(`Expected "<sha256> <bytes> <path>" for a pinned file but received "${line}"`);
  const [, sha256, bytes, path] = match;
  return { path: path!, bytes: Number(bytes), sha256: sha256! };
}
