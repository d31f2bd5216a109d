import { readFile } from "node:fs/promises";
import type { ScoredPair } from "@facefleet/core/evaluation";
import { compareEmbeddings } from "@facefleet/matching";
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
  /** Distance of each pair, in the order of the file. */
  readonly distances: readonly ScoredPair[];
}

export interface LfwOptions extends Pick<EvalPipeline, "pipeline" | "embedding" | "about"> {
  readonly imagesDir: string;
  readonly pairsFile: string;
  readonly cacheDir: string;
  readonly startProgress: StartProgress;
}

/** Tells same from different pairs of LFW (Huang et al. 2007) by the distance of their embeddings. */
export async function evaluateLfw(options: LfwOptions): Promise<LfwReport> {
  const { pipeline, embedding, about, imagesDir, pairsFile, cacheDir } = options;
  const folds = parseLfwPairs(await readFile(pairsFile, "utf8"), imagesDir);
  const files = [...new Set(folds.flat().flatMap(({ first, second }) => [first, second]))];
  const cache = await EmbeddingCache.open(cacheDir, { ...about, ...everyFace });
  const started = performance.now();
  const progress = options.startProgress("images", files.length);
  const { embeddings, cached } = await embedImages(files, { pipeline, embedding, cache, progress }).finally(() =>
    progress.stop(),
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
    distances: scored.flat(),
  };
}

function score({ first, second, same }: LfwPair, embeddings: ReadonlyMap<string, ImageEmbedding>): ScoredPair {
  const of = (file: string) => (embeddings.get(file) as ImageEmbedding).embedding;
  return { distance: compareEmbeddings(of(first), of(second)).euclideanDistance, same };
}
