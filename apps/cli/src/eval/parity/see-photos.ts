import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeenFace } from "@facefleet/core/evaluation";
import { type EvalPipeline, everyFace } from "../eval-pipeline.js";
import type { EvalProgress } from "../eval-progress.js";
import type { ReferencePhoto } from "./reference-file.js";

/** What a pipeline sees in the reference's photos, by their names. Photos go through it one by one. */
export async function seePhotos(
  { pipeline, embedding }: Pick<EvalPipeline, "pipeline" | "embedding">,
  photosDir: string,
  photos: readonly ReferencePhoto[],
  progress: EvalProgress,
): Promise<Map<string, SeenFace[]>> {
  const seen = new Map<string, SeenFace[]>();
  for (const photo of photos) {
    const bytes = await readPhoto(photosDir, photo);
    const { faces } = await pipeline.analyse(bytes, { ...everyFace, order: "confidence", embed: true, embedding });
    seen.set(
      photo.name,
      faces.map(({ landmarks, ...face }) => ({ ...face, landmarks: landmarks!, embedding: face.embedding ?? [] })),
    );
    progress.advance();
  }
  return seen;
}

async function readPhoto(photosDir: string, { name, sha256 }: ReferencePhoto): Promise<Buffer> {
  const path = join(photosDir, name);
  const bytes = await readFile(path);
  const received = createHash("sha256").update(bytes).digest("hex");
  if (received === sha256) return bytes;
  throw new Error(`Expected the photo that the reference saw (sha256 ${sha256}) in ${path} but received ${received}`);
}
