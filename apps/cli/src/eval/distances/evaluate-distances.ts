import { basename, dirname, resolve } from "node:path";
import type { JobOptions } from "@facefleet/contracts";
import { everyPair, operatingPoint, type ScoredPair } from "@facefleet/core/evaluation";
import { type DistanceMeasurement, type UncertainBand, uncertainBand } from "@facefleet/matching";
import { embedImages } from "../embed-images.js";
import { EmbeddingCache } from "../embedding-cache.js";
import { type EvalPipeline, type EvaluatedPipeline, everyFace } from "../eval-pipeline.js";
import type { StartProgress } from "../eval-progress.js";
import { photoFiles } from "../photo-files.js";

export type EmbeddingChoice = JobOptions["embedding"];

/** What distances mean for one kind of embeddings, on one's own pictures. */
export interface DistancesReport {
  readonly evaluation: "distances";
  readonly pipeline: EvaluatedPipeline;
  readonly embedding: EmbeddingChoice;
  readonly images: { readonly count: number; readonly people: number; readonly withoutFace: readonly string[] };
  readonly measurement: DistanceMeasurement;
  /** Where these pictures leave a decision open. */
  readonly uncertainBand: UncertainBand;
}

export interface DistancesOptions extends Pick<EvalPipeline, "pipeline" | "about"> {
  readonly embedding: EmbeddingChoice;
  /** `<person>/<any name>.jpg`, and so on for other pictures. */
  readonly imagesDir: string;
  /** What the pictures are, for whoever reads the table. */
  readonly measuredOn: string;
  readonly cacheDir: string;
  readonly startProgress: StartProgress;
}

const thresholds = [0.7, 0.75, ...Array.from({ length: 17 }, (_, i) => (800 + 25 * i) / 1000)];

/**
 * How often each threshold errs, over every two pictures of a folder.
 *
 * @throws Error when the folder has no two pictures of one person, or of one person only.
 */
export async function evaluateDistances(options: DistancesOptions): Promise<DistancesReport> {
  const { pipeline, embedding, about, imagesDir, measuredOn, cacheDir, startProgress } = options;
  const files = await photoFiles(resolve(imagesDir));
  const cache = await EmbeddingCache.open(cacheDir, { ...about, ...everyFace });
  const progress = startProgress(`images, ${embedding}`, files.length);
  const { embeddings } = await embedImages(files, { pipeline, embedding, cache, progress }).finally(() =>
    progress.stop(),
  );
  const pictures = files.map((file) => ({ person: personOf(file), ...embeddings.get(file)! }));
  const measurement = measure(everyPair(pictures), measuredOn, imagesDir);
  return {
    evaluation: "distances",
    pipeline: about,
    embedding,
    images: {
      count: files.length,
      people: new Set(pictures.map(({ person }) => person)).size,
      withoutFace: files.filter((file) => !embeddings.get(file)?.faceFound),
    },
    measurement,
    uncertainBand: uncertainBand([measurement]),
  };
}

function personOf(file: string): string {
  return basename(dirname(file));
}

function measure(pairs: readonly ScoredPair[], measuredOn: string, imagesDir: string): DistanceMeasurement {
  const genuinePairs = pairs.filter(({ same }) => same).length;
  const impostorPairs = pairs.length - genuinePairs;
  if (genuinePairs === 0 || impostorPairs === 0) {
    throw new Error(
      `Expected pictures of several people in ${imagesDir}, a folder a person, and two or more of some, but they make ` +
        `${genuinePairs} pairs of one person and ${impostorPairs} of two`,
    );
  }
  const points = thresholds.map((distance) => {
    const { falseAcceptRate, falseRejectRate } = operatingPoint(pairs, distance);
    return { distance, falseAcceptRate: rounded(falseAcceptRate, 6), falseRejectRate: rounded(falseRejectRate, 4) };
  });
  return { measuredOn, genuinePairs, impostorPairs, points };
}

function rounded(rate: number, digits: number): number {
  return Number(rate.toFixed(digits));
}
