import { PackError } from "./pack-error.js";
import type { PackManifest } from "./pack-manifest.js";
import { packs } from "./packs/index.js";

/** Every pack that this version knows, by its name. */
export const packCatalogue: readonly PackManifest[] = packs;

/** The one that comes along: what is used unless another is asked for. */
export const defaultPackName = packs[0].name;

export function packManifest(name: string): PackManifest {
  const manifest = packCatalogue.find((candidate) => candidate.name === name);
  if (manifest !== undefined) return manifest;
  const known = packCatalogue.map((candidate) => candidate.name).join(", ");
  throw new PackError(`Expected one of ${known} for the model pack but received ${name}`);
}
