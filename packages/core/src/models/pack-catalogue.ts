import { PackError } from "./pack-error.js";
import type { PackManifest } from "./pack-manifest.js";
import { facenet20180402 } from "./packs/facenet-20180402-114759.js";

/** Every pack that this version can pull. */
export const packCatalogue: readonly PackManifest[] = [facenet20180402];

export const defaultPackName = facenet20180402.name;

export function packManifest(name: string): PackManifest {
  const manifest = packCatalogue.find((candidate) => candidate.name === name);
  if (manifest !== undefined) return manifest;
  const known = packCatalogue.map((candidate) => candidate.name).join(", ");
  throw new PackError(`Expected one of ${known} for the model pack but received ${name}`);
}
