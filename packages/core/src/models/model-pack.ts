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

/** @throws PackError when the pack is not there, or not whole. */
export async function openPack(modelsDir: string, manifest: PackManifest): Promise<ModelPack> {
  const path = weightsPath(modelsDir, manifest);
  const state = await weightsState(path, manifest);
  if (state === "ready") return { manifest, weights: await WeightsFile.open(path) };
  const found = { missing: "it is not there", damaged: "it is not whole" }[state];
  throw new PackError(`Expected the model pack ${manifest.name} at ${path} but ${found}; ${remedy(manifest)}`);
}

/** Reads every byte of the weights. @throws PackError when one differs from what it must be. */
export async function verifyManifest(modelsDir: string, manifest: PackManifest): Promise<void> {
  const { weights } = await openPack(modelsDir, manifest);
  weights.close();
  await verifyWeights(weights.path, manifest);
}

/** @throws PackError when the file is not the pack's weights. */
export async function verifyWeights(path: string, manifest: PackManifest): Promise<void> {
  const received = await sha256OfFile(path);
  if (received === manifest.weights.sha256) return;
  throw new PackError(
    `Expected sha256 ${manifest.weights.sha256} for ${path} but received ${received}; ${remedy(manifest)}`,
  );
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

function remedy({ name, origin }: PackManifest): string {
  if (origin.kind === "built-in") return "install the software again";
  return `remove it if it is there, and run "facefleet models pull ${name}" or "facefleet models import <file>"`;
}
