import { createHash } from "node:crypto";
import { type EmbeddingKind, embeddingKinds } from "../alignment/index.js";
import type { ModelPack } from "../models/index.js";

interface FingerprintedPack {
  readonly manifest: Pick<ModelPack["manifest"], "embedder" | "detector" | "alignedLandmarks">;
  readonly record: { readonly weights: { readonly sha256: string } };
}

/**
 * Raised whenever the code between an image and its embedding changes so that embeddings of before and
 * after should not be compared.
 */
const preprocessingVersion = 1;

/** Identifies everything that an embedding depends on but the image. Embeddings compare only within one. */
export function embeddingFingerprint({ manifest, record }: FingerprintedPack, kind: EmbeddingKind): string {
  const parts = JSON.stringify({
    preprocessingVersion,
    weights: record.weights.sha256,
    embedder: manifest.embedder,
    detector: manifest.detector,
    // Standard embeddings are of one margin crop, which the lines above say all about.
    ...(kind !== "standard" && { views: embeddingKinds[kind], alignedLandmarks: manifest.alignedLandmarks }),
  });
  return createHash("sha256").update(parts).digest("hex").slice(0, 16);
}
