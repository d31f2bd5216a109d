import { sha256OfFile } from "./file-digest.js";
import { PackError } from "./pack-error.js";
import type { PackManifest, PinnedWeights } from "./pack-manifest.js";
import { WeightsFile } from "./weights-file.js";
import { weightsPath, weightsState } from "./weights-path.js";

/** A pack that is ready for use. Whoever opened it closes its weights. */
export interface ModelPack {
  readonly manifest: PackManifest;
  readonly weights: WeightsFile;
}

export interface PackStatus {
  readonly name: string;
  readonly origin: PackManifest["origin"]["kind"];
  readonly path: string;
  readonly state: "ready" | "missing" | "damaged";
  readonly bytes: number;
  readonly licences: readonly string[];
}

/**
 * Opens a pack once every byte of its weights has been read: with a few others the networks would still answer, and find
 * other faces.
 *
 * @throws PackError when the pack is not there, or a byte differs from what it must be.
 */
export async function openPack(modelsDir: string, manifest: PackManifest): Promise<ModelPack> {
  return { manifest, weights: await openWeights(weightsPath(modelsDir, manifest), manifest) };
}

/** Opens weights that came along with the software, as `openPack` does. */
export function openBuiltIn(weights: PinnedWeights): Promise<WeightsFile> {
  return openWeights(weightsPath("", weights), weights);
}

async function openWeights(path: string, pinned: PinnedWeights): Promise<WeightsFile> {
  await verifyWeights(path, pinned);
  return await WeightsFile.open(path);
}

/** Reads every byte of a pack's weights. @throws PackError as `openPack` does. */
export function verifyManifest(modelsDir: string, manifest: PackManifest): Promise<void> {
  return verifyWeights(weightsPath(modelsDir, manifest), manifest);
}

/** @throws PackError when the file is not the one that is pinned. */
export async function verifyWeights(path: string, manifest: PinnedWeights): Promise<void> {
  const expected = `Expected the weights ${manifest.name} at ${path}`;
  const state = await weightsState(path, manifest);
  if (state === "missing") throw new PackError(`${expected} but it is not there; ${waysToIt(manifest)}`);
  if (state === "damaged") throw new PackError(`${expected} but it is not whole; ${waysToAnother(manifest)}`);
  const received = await sha256OfFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new PackError(`${expected} but it cannot be read (${cause.code})`, { cause });
  });
  if (received === manifest.weights.sha256) return;
  const { sha256 } = manifest.weights;
  throw new PackError(`Expected sha256 ${sha256} for ${path} but received ${received}; ${waysToAnother(manifest)}`);
}

export async function packStatus(modelsDir: string, manifest: PackManifest): Promise<PackStatus> {
  const path = weightsPath(modelsDir, manifest);
  return {
    name: manifest.name,
    origin: manifest.origin.kind,
    path,
    state: await weightsState(path, manifest),
    bytes: manifest.weights.bytes,
    licences: manifest.sources.map(({ name, licence }) => `${name}: ${licence}`),
  };
}

function waysToIt({ name, origin }: PinnedWeights): string {
  if (origin.kind === "built-in") return "install the software again";
  return `run "facefleet models pull ${name}" or "facefleet models import <file>"`;
}

function waysToAnother(manifest: PinnedWeights): string {
  return manifest.origin.kind === "built-in" ? waysToIt(manifest) : `remove it, and ${waysToIt(manifest)}`;
}
