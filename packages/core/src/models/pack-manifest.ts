import { createHash } from "node:crypto";
import type { JobOptions, Landmarks } from "@facefleet/contracts";
import type { DistanceMeasurement } from "@facefleet/matching";

/** How many pixels' worth of value 0 is, and what one unit is: `(pixel - mean) / scale`. */
export interface Standardisation {
  readonly mean: number;
  readonly scale: number;
}

/** One pinned upstream file. */
export interface PackFile {
  /** Relative to its source's `url` and to its `mirrorPath` in a mirror. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
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

/** A model pack as this version of the software knows it: what it is made from, and how its networks are used. */
export interface PackManifest {
  readonly name: string;
  readonly sources: readonly PackSource[];
  readonly detector: {
    readonly name: "mtcnn";
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
  };
  readonly embedder: {
    readonly name: "inception-resnet-v1";
    readonly dimensions: number;
    /** Side of the square input, in pixels. */
    readonly inputSize: number;
    readonly colourOrder: "rgb";
    readonly standardisation: Standardisation;
    /** Pixels of the input that lie outside the face's box, both sides together. */
    readonly cropMargin: number;
  };
  /** Where a face's landmarks lie in the input, in pixels, when it is aligned by them. */
  readonly alignedLandmarks: Landmarks;
  /** What is known about the distances of embeddings, by their kind. */
  readonly distances: Readonly<Record<JobOptions["embedding"], readonly DistanceMeasurement[]>>;
}

/** Raised whenever the conversion writes other tensors from the same files, so that packs are made again. */
const conversionVersion = 1;

/** Identifies the weights that a manifest leads to: its files and the conversion, not its URLs or thresholds. */
export function manifestDigest(manifest: PackManifest): string {
  const sources = manifest.sources.map(({ name, format, files }) => ({
    name,
    format,
    files: files.map(({ path, sha256 }) => ({ path, sha256 })),
  }));
  return createHash("sha256").update(JSON.stringify({ conversionVersion, sources })).digest("hex");
}

export function packFiles(manifest: PackManifest): readonly PackFile[] {
  return manifest.sources.flatMap((source) => source.files);
}

export function totalBytes(files: readonly PackFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** Parses a line of a pinned list: `<sha256> <bytes> <path>`. */
export function parsePinnedFile(line: string): PackFile {
  const match = /^([0-9a-f]{64}) (\d+) (\S+)$/.exec(line);
  if (match === null) throw new Error(`Expected "<sha256> <bytes> <path>" for a pinned file but received "${line}"`);
  const [, sha256, bytes, path] = match;
  return { path: path!, bytes: Number(bytes), sha256: sha256! };
}
