import { type ModelPack, openPack, type PackStatus, packStatus, verifyManifest } from "./model-pack.js";
import { defaultPackName, packCatalogue, packManifest } from "./pack-catalogue.js";
import { type PullOptions, type PullOutcome, pullManifest } from "./pull-pack.js";

export type { ModelPack, PackStatus } from "./model-pack.js";
export { defaultPackName, packManifest } from "./pack-catalogue.js";
export { PackError } from "./pack-error.js";
export type { PackRecord } from "./pack-folder.js";
export type { PackManifest, Standardisation } from "./pack-manifest.js";
export type { PullOptions, PullOutcome, PullProgress } from "./pull-pack.js";
export type { TensorInfo } from "./safetensors.js";
export { WeightsFile } from "./weights-file.js";

/** Brings a pack into `modelsDir` unless it is there. @throws PackError; the signal's reason when it aborts. */
export function pullPack({
  name = defaultPackName,
  ...options
}: PullOptions & { name?: string }): Promise<PullOutcome> {
  return pullManifest(packManifest(name), options);
}

/** Opens a pack that was pulled. @throws PackError naming `facefleet models pull` when it is not there. */
export async function loadPack(modelsDir: string, name: string = defaultPackName): Promise<ModelPack> {
  return openPack(modelsDir, packManifest(name));
}

/** Reads every byte of a pack's weights. @throws PackError when it is not there, or damaged. */
export async function verifyPack(modelsDir: string, name: string = defaultPackName): Promise<void> {
  await verifyManifest(modelsDir, packManifest(name));
}

/** Every pack that this version knows, pulled or not. */
export function listPacks(modelsDir: string): Promise<PackStatus[]> {
  return Promise.all(packCatalogue.map((manifest) => packStatus(modelsDir, manifest)));
}
