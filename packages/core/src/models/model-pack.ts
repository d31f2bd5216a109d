import { sha256OfFile } from "./file-digest.js";
import { PackError } from "./pack-error.js";
import type { PackManifest } from "./pack-manifest.js";
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
  const path = weightsPath(modelsDir, manifest);
  await verifyWeights(path, manifest);
  return { manifest, weights: await WeightsFile.open(path) };
}

/** Reads every byte of a pack's weights. @throws PackError as `openPack` does. */
export function verifyManifest(modelsDir: string, manifest: PackManifest): Promise<void> {
  return verifyWeights(weightsPath(modelsDir, manifest), manifest);
}

/** @throws PackError when the file is not the pack's weights. */
export async function verifyWeights(path: string, manifest: PackManifest): Promise<void> {
  const expected = `Expected the model pack ${manifest.name} at ${path}`;
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

function waysToIt({ name, origin }: PackManifest): string {
  if (origin.kind === "built-in") return "install the software again";
  return `run "facefleet models pull ${name}" or "facefleet models import <file>"`;
}

function waysToAnother(manifest: PackManifest): string {
  return manifest.origin.kind === "built-in" ? waysToIt(manifest) : `remove it, and ${waysToIt(manifest)}`;
}
