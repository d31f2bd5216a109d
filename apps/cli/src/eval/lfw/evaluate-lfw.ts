import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import {
  atFalseAcceptRate,
  everyPair,
  type OperatingPoint,
  operatingPointOf,
  type ScoredPair,
} from "@facefleet/core/evaluation";
import { compareEmbeddings, matchThreshold } from "@facefleet/matching";
import { embedImages } from "../embed-images.js";
import { EmbeddingCache, type ImageEmbedding } from "../embedding-cache.js";
import { type EvalPipeline, type EvaluatedPipeline, everyFace } from "../eval-pipeline.js";
import type { StartProgress } from "../eval-progress.js";
import { type LfwPair, parseLfwPairs } from "./lfw-pairs.js";
import { type VerificationFigures, verificationFigures } from "./verification-figures.js";

export interface LfwReport {
  readonly evaluation: "lfw";
  readonly pipeline: EvaluatedPipeline;
  readonly images: {
    readonly count: number;
    /** Embedded from their centre, since no face was found. */
    readonly withoutFace: readonly string[];
    /** Taken from an earlier run. */
    readonly cached: number;
    readonly seconds: number;
  };
  readonly figures: VerificationFigures;
  /** Every two of the images, not only the pairs that the protocol lists. */
  readonly everyPair: {
    readonly same: number;
    readonly different: number;
    readonly atFalseAcceptRates: readonly { readonly rate: number; readonly point: OperatingPoint }[];
    readonly fixed: OperatingPoint;
  };
  /** Distance of each pair, in the order of the file. */
  readonly distances: readonly ScoredPair[];
}

export interface LfwOptions extends Pick<EvalPipeline, "pipeline" | "detector" | "embedding" | "about"> {
  readonly imagesDir: string;
  readonly pairsFile: string;
  readonly cacheDir: string;
  readonly startProgress: StartProgress;
}

/** Tells same from different pairs of LFW (Huang et al. 2007) by the distance of their embeddings. */
export async function evaluateLfw(options: LfwOptions): Promise<LfwReport> {
  const { pipeline, detector, embedding, about, imagesDir, pairsFile, cacheDir } = options;
  const folds = parseLfwPairs(await readFile(pairsFile, "utf8"), imagesDir);
  const files = [...new Set(folds.flat().flatMap(({ first, second }) => [first, second]))];
  const cache = await EmbeddingCache.open(cacheDir, { ...about, ...everyFace });
  const started = performance.now();
  const progress = options.startProgress("images", files.length);
  const { embeddings, cached } = await embedImages(files, { pipeline, detector, embedding, cache, progress }).finally(
    () => progress.stop(),
  );
  const scored = folds.map((pairs) => pairs.map((pair) => score(pair, embeddings)));
  return {
    evaluation: "lfw",
    pipeline: about,
    images: {
      count: files.length,
      withoutFace: files.filter((file) => !embeddings.get(file)?.faceFound),
      cached,
      seconds: (performance.now() - started) / 1000,
    },
    figures: verificationFigures(scored),
    everyPair: everyPairFigures(files, embeddings),
    distances: scored.flat(),
  };
}

/** Rates that so many pairs of two people can tell, unlike the protocol's few hundred. */
const falseAcceptRates = [1e-3, 1e-4];

function everyPairFigures(files: readonly string[], embeddings: ReadonlyMap<string, ImageEmbedding>) {
  const distances = everyPair(
    files.map((file) => ({ person: basename(dirname(file)), embedding: embeddings.get(file)!.embedding })),
  );
  return {
    same: distances.same.length,
    different: distances.different.length,
    atFalseAcceptRates: falseAcceptRates.map((rate) => ({ rate, point: atFalseAcceptRate(distances, rate) })),
    fixed: operatingPointOf(distances, matchThreshold),
  };
}

function score({ first, second, same }: LfwPair, embeddings: ReadonlyMap<string, ImageEmbedding>): ScoredPair {
  const of = (file: string) => (embeddings.get(file) as ImageEmbedding).embedding;
  return { distance: compareEmbeddings(of(first), of(second)).euclideanDistance, same };
}
