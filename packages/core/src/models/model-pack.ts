import { sha256OfFile } from "./file-digest.js";
import { PackError } from "./pack-error.js";
import { inspectPack, type PackCondition, type PackRecord, packDir, weightsPath } from "./pack-folder.js";
import type { PackManifest } from "./pack-manifest.js";
import { WeightsFile } from "./weights-file.js";

/** A pack that is ready for use. Whoever opened it closes its weights. */
export interface ModelPack {
  readonly manifest: PackManifest;
  readonly record: PackRecord;
  readonly dir: string;
  readonly weights: WeightsFile;
}

export interface PackStatus {
  readonly name: string;
  readonly dir: string;
  readonly state: PackCondition["state"];
  readonly licences: readonly string[];
  /** Of a pack that is ready. */
  readonly record?: PackRecord;
}

/** @throws PackError when the pack is not there, or not the one that this version pins. */
export async function openPack(modelsDir: string, manifest: PackManifest): Promise<ModelPack> {
  const record = await expectReady(modelsDir, manifest);
  const dir = packDir(modelsDir, manifest);
  return { manifest, record, dir, weights: await WeightsFile.open(weightsPath(dir)) };
}

/** Reads every byte of the weights. @throws PackError when one differs from what was converted. */
export async function verifyManifest(modelsDir: string, manifest: PackManifest): Promise<void> {
  const { record, weights } = await openPack(modelsDir, manifest);
  weights.close();
  const received = await sha256OfFile(weights.path);
  if (received !== record.weights.sha256) {
    throw new PackError(
      `Expected sha256 ${record.weights.sha256} for ${weights.path} but received ${received}; ` +
        `remove the folder and run "facefleet models pull"`,
    );
  }
}

export async function packStatus(modelsDir: string, manifest: PackManifest): Promise<PackStatus> {
  const condition = await inspectPack(modelsDir, manifest);
  return {
    name: manifest.name,
    dir: packDir(modelsDir, manifest),
    licences: manifest.sources.map(({ name, licence }) => `${name}: ${licence}`),
    ...condition,
  };
}

async function expectReady(modelsDir: string, manifest: PackManifest): Promise<PackRecord> {
  const condition = await inspectPack(modelsDir, manifest);
  if (condition.state === "ready") return condition.record;
  const found = { missing: "it is not there", outdated: "it is incomplete or of another version" }[condition.state];
  throw new PackError(
    `Expected the model pack ${manifest.name} in ${modelsDir} but ${found}; run "facefleet models pull"`,
  );
}
