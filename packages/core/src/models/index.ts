import { exportManifest, importManifest } from "./carry-pack.js";
import { yunetWeights } from "./detectors/yunet.js";
import {
  type ModelPack,
  openBuiltIn,
  openPack,
  type PackStatus,
  packStatus,
  verifyManifest,
  verifyWeights,
} from "./model-pack.js";
import { defaultPackName, packCatalogue, packManifest } from "./pack-catalogue.js";
import { type PullOptions, type PullOutcome, pullManifest } from "./pull-pack.js";
import type { WeightsFile } from "./weights-file.js";
import { weightsPath } from "./weights-path.js";

export type { ModelPack, PackStatus } from "./model-pack.js";
export { defaultPackName, packCatalogue, packManifest } from "./pack-catalogue.js";
export { PackError } from "./pack-error.js";
export type { PackManifest, PinnedFile, Standardisation } from "./pack-manifest.js";
export type { PullOptions, PullOutcome, PullProgress } from "./pull-pack.js";
export { type NamedTensor, type TensorInfo, writeSafetensors } from "./safetensors.js";
export { WeightsFile } from "./weights-file.js";
export { weightsPath } from "./weights-path.js";

/** Brings a pack into `modelsDir` unless it is there. @throws PackError; the signal's reason when it aborts. */
export function pullPack({
  name = defaultPackName,
  ...options
}: PullOptions & { name?: string }): Promise<PullOutcome> {
  return pullManifest(packManifest(name), options);
}

/** Opens a pack once every byte was read. @throws PackError that says what to do when it is not there, or damaged. */
export async function loadPack(modelsDir: string, name: string = defaultPackName): Promise<ModelPack> {
  return openPack(modelsDir, packManifest(name));
}

/** Reads every byte of a pack's weights, and of YuNet's. @throws PackError when they are not there, or damaged. */
export async function verifyPack(modelsDir: string, name: string = defaultPackName): Promise<void> {
  await verifyManifest(modelsDir, packManifest(name));
  await verifyWeights(weightsPath(modelsDir, yunetWeights), yunetWeights);
}

/** Writes a pack that is ready as one file. @throws PackError when it is not there, or the file cannot be written. */
export async function exportPack(modelsDir: string, name: string, file: string): Promise<void> {
  await exportManifest(modelsDir, packManifest(name), file);
}

/** Puts the pack that `exportPack` wrote into `modelsDir`, and says its name. @throws PackError when it is not whole. */
export async function importPack(modelsDir: string, file: string): Promise<string> {
  return (await importManifest(modelsDir, packCatalogue, file)).name;
}

/** Opens the weights of YuNet, which every pack has beside it. @throws PackError when they are damaged. */
export function openYunetWeights(): Promise<WeightsFile> {
  return openBuiltIn(yunetWeights);
}

/** Every pack that this version knows, ready or not. */
export function listPacks(modelsDir: string): Promise<PackStatus[]> {
  return Promise.all(packCatalogue.map((manifest) => packStatus(modelsDir, manifest)));
}
