import { relative, resolve, sep } from "node:path";
import type { JobOptions } from "@facefleet/contracts";
import { countEveryPair, everyPair, operatingPointOf, type PairDistances } from "@facefleet/core/evaluation";
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

export interface DistancesOptions extends Pick<EvalPipeline, "pipeline" | "detector" | "about"> {
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
  const { pipeline, detector, embedding, about, imagesDir, measuredOn, cacheDir, startProgress } = options;
  const files = await photoFiles(resolve(imagesDir));
  const people = new Map(files.map((file) => [file, personOf(file, imagesDir)]));
  expectPairs([...people.values()], imagesDir);
  const cache = await EmbeddingCache.open(cacheDir, { ...about, ...everyFace });
  const progress = startProgress(`images, ${embedding}`, files.length);
  const { embeddings } = await embedImages(files, { pipeline, detector, embedding, cache, progress }).finally(() =>
    progress.stop(),
  );
  const pictures = files.map((file) => ({ person: people.get(file)!, ...embeddings.get(file)! }));
  const measurement = measure(everyPair(pictures), measuredOn);
  return {
    evaluation: "distances",
    pipeline: about,
    embedding,
    images: {
      count: files.length,
      people: new Set(people.values()).size,
      withoutFace: files.filter((file) => !embeddings.get(file)?.faceFound),
    },
    measurement,
    uncertainBand: uncertainBand([measurement]),
  };
}

/** Whose folder it lies in, however deep: the folders within may be called alike. */
function personOf(file: string, imagesDir: string): string {
  const [person, ...within] = relative(imagesDir, file).split(sep) as [string, ...string[]];
  if (within.length > 0) return person;
  throw new Error(`Expected a folder a person in ${imagesDir} but received a picture beside them: ${file}`);
}

function expectPairs(people: readonly string[], imagesDir: string): void {
  const { same, different } = countEveryPair(people);
  if (same > 0 && different > 0) return;
  throw new Error(
    `Expected pictures of several people in ${imagesDir}, a folder a person, and two or more of some, but they make ` +
      `${same} pairs of one person and ${different} of two`,
  );
}

function measure(distances: PairDistances, measuredOn: string): DistanceMeasurement {
  const points = thresholds.map((distance) => {
    const { falseAcceptRate, falseRejectRate } = operatingPointOf(distances, distance);
    return { distance, falseAcceptRate: rounded(falseAcceptRate, 6), falseRejectRate: rounded(falseRejectRate, 4) };
  });
  return { measuredOn, genuinePairs: distances.same.length, impostorPairs: distances.different.length, points };
}

function rounded(rate: number, digits: number): number {
  return Number(rate.toFixed(digits));
}
