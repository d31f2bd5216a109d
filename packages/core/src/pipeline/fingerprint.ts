import { createHash } from "node:crypto";
import type { ModelPack } from "../models/index.js";

/**
 * Raised whenever the code between an image and its embedding changes so that embeddings of before and
 * after should not be compared.
 */
const preprocessingVersion = 1;

/** Identifies everything that an embedding depends on but the image. Embeddings compare only within one. */
export function embeddingFingerprint({ manifest, record }: ModelPack): string {
  const parts = JSON.stringify({
    preprocessingVersion,
    weights: record.weights.sha256,
    embedder: manifest.embedder,
    detector: manifest.detector,
  });
  return createHash("sha256").update(parts).digest("hex").slice(0, 16);
}
