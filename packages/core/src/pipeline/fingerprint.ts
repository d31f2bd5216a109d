import { createHash } from "node:crypto";
import { detectorNames } from "@facefleet/contracts";
import { type EmbeddingKind, type EmbeddingRecipe, embeddingKinds } from "../alignment/index.js";
import type { ModelPack } from "../models/index.js";

type FingerprintedPack = Pick<ModelPack["manifest"], "weights" | "embedder" | "detectors" | "alignedLandmarks">;

/**
 * Raised whenever the code between an image and its embedding changes so that embeddings of before and
 * after should not be compared.
 */
const preprocessingVersion = 2;

/** What finds a face: a detector, or nothing where the picture is its crop. */
export const finders = [...detectorNames, "none"] as const;
export type FoundBy = (typeof finders)[number];

/** Identifies everything that an embedding depends on but the image. Embeddings compare only within one. */
export function embeddingFingerprint(pack: FingerprintedPack, kind: EmbeddingKind, foundBy: FoundBy): string {
  const { weights, embedder, detectors, alignedLandmarks } = pack;
  const recipe: EmbeddingRecipe = embeddingKinds[kind];
  const isAligned = recipe.views.some(({ alignment }) => alignment === "landmarks");
  const parts = JSON.stringify({
    preprocessingVersion,
    weights: weights.sha256,
    embedder,
    detector: foundBy === "none" ? foundBy : detectors[foundBy],
    recipe,
    ...(isAligned && { alignedLandmarks }),
  });
  return createHash("sha256").update(parts).digest("hex").slice(0, 16);
}
