import { constants, copyFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { sha256OfFile } from "./file-digest.js";
import { installCopy } from "./install-pack.js";
import { verifyManifest, verifyWeights } from "./model-pack.js";
import { PackError } from "./pack-error.js";
import type { PackManifest } from "./pack-manifest.js";
import { explainDiskError } from "./pull-pack.js";
import { weightsPath } from "./weights-path.js";

/**
 * Writes a pack that is ready as one file, for a machine that cannot pull it.
 *
 * @throws PackError, also when something is there already, which stays as it is.
 */
export async function exportManifest(modelsDir: string, manifest: PackManifest, file: string): Promise<void> {
  await verifyManifest(modelsDir, manifest);
  await copyFile(weightsPath(modelsDir, manifest), file, constants.COPYFILE_EXCL).catch((error) => {
    if (error.code === "EEXIST") throw new PackError(`Expected no file at ${file} but there is one`, { cause: error });
    throw explainDiskError(error, resolve(file, ".."), manifest.weights.bytes);
  });
  await verifyWeights(file, manifest).catch(async (error) => {
    await rm(file, { force: true });
    throw error;
  });
}

/** Puts the pack that a file holds into `modelsDir`. @throws PackError when it is none of the catalogue. */
export async function importManifest(
  modelsDir: string,
  catalogue: readonly PackManifest[],
  file: string,
): Promise<PackManifest> {
  const sha256 = await sha256OfFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new PackError(`Expected a model pack in ${file} but it cannot be read (${cause.code})`, { cause });
  });
  const manifest = catalogue.find(({ weights }) => weights.sha256 === sha256);
  if (manifest === undefined) {
    const known = catalogue.map(({ name, weights }) => `${name} (sha256 ${weights.sha256})`).join(", ");
    throw new PackError(`Expected one of the packs ${known} in ${file} but received sha256 ${sha256}`);
  }
  if (manifest.origin.kind !== "built-in") {
    await installCopy(modelsDir, manifest, file).catch((error: unknown) => {
      throw explainDiskError(error, modelsDir, manifest.weights.bytes);
    });
  }
  return manifest;
}
