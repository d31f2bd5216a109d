import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { manifestDigest, type PackManifest } from "./pack-manifest.js";

/** What `pack.json` says about the weights beside it. */
export interface PackRecord {
  readonly name: string;
  readonly manifestDigest: string;
  readonly weights: { readonly bytes: number; readonly sha256: string };
  /** ISO 8601. */
  readonly convertedAt: string;
}

/** `outdated`: there, but made from other files or by another conversion than this version pins, or incomplete. */
export type PackCondition =
  | { readonly state: "ready"; readonly record: PackRecord }
  | { readonly state: "missing" | "outdated" };

export function packDir(modelsDir: string, manifest: PackManifest): string {
  return join(modelsDir, manifest.name);
}

export function weightsPath(dir: string): string {
  return join(dir, "weights.safetensors");
}

export function recordPath(dir: string): string {
  return join(dir, "pack.json");
}

/** Looks at digests and sizes only, so that it is quick; `verifyPack` reads every byte. */
export async function inspectPack(modelsDir: string, manifest: PackManifest): Promise<PackCondition> {
  const dir = packDir(modelsDir, manifest);
  const record = await readRecord(dir);
  if (record === undefined) return { state: (await exists(dir)) ? "outdated" : "missing" };
  const bytes = await sizeOf(weightsPath(dir));
  const fits = record.manifestDigest === manifestDigest(manifest) && record.weights.bytes === bytes;
  return fits ? { state: "ready", record } : { state: "outdated" };
}

async function readRecord(dir: string): Promise<PackRecord | undefined> {
  try {
    const record: Partial<PackRecord> = JSON.parse(await readFile(recordPath(dir), "utf8"));
    return record.weights === undefined ? undefined : (record as PackRecord);
  } catch {
    // Absent or unreadable: either way there is no pack to use here.
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

async function exists(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}
