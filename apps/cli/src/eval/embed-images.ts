import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { DetectorName } from "@facefleet/contracts";
import type { EmbeddingKind, FacePipeline } from "@facefleet/core";
import { mapConcurrently } from "../map-concurrently.js";
import type { EmbeddingCache, ImageEmbedding } from "./embedding-cache.js";
import { everyFace, imagesAtOnce } from "./eval-pipeline.js";
import type { EvalProgress } from "./eval-progress.js";

export interface EmbedImagesOptions {
  readonly pipeline: FacePipeline;
  readonly detector: DetectorName;
  readonly embedding: EmbeddingKind;
  readonly cache: EmbeddingCache;
  readonly progress: EvalProgress;
}

/**
 * The most prominent face of each file, embedded; where the detector finds none, the middle of the image.
 *
 * @throws Error naming the file that cannot be read or analysed: no file is left out.
 */
export async function embedImages(
  files: readonly string[],
  { pipeline, detector, embedding, cache, progress }: EmbedImagesOptions,
): Promise<{ embeddings: Map<string, ImageEmbedding>; cached: number }> {
  let cached = 0;
  const embeddings = await mapConcurrently(files, imagesAtOnce, async (file) => {
    const bytes = await readFile(file);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = cache.get(sha256);
    const made = known ?? (await embedImage({ pipeline, detector, embedding }, file, bytes));
    if (known) cached++;
    else await cache.add(sha256, made);
    progress.advance();
    return [file, made] as const;
  });
  return { embeddings: new Map(embeddings), cached };
}

async function embedImage(
  { pipeline, detector, embedding: kind }: Pick<EmbedImagesOptions, "pipeline" | "detector" | "embedding">,
  file: string,
  bytes: Uint8Array,
): Promise<ImageEmbedding> {
  try {
    const options = { ...everyFace, detector, maxFaces: 1, embed: true, embedding: kind };
    const { faces } = await pipeline.analyse(bytes, options);
    const embedding = faces[0]?.embedding;
    return { embedding: embedding ?? (await pipeline.embedCentre(bytes, kind)), faceFound: embedding !== undefined };
  } catch (cause) {
    throw new Error(`Expected an image that can be analysed in ${file} but: ${(cause as Error).message}`, { cause });
  }
}
