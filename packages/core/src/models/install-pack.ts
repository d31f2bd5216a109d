import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { convertPack, type NamedTensor } from "./convert.js";
import { PackError } from "./pack-error.js";
import { inspectPack, type PackRecord, packDir, recordPath, weightsPath } from "./pack-folder.js";
import { manifestDigest, type PackManifest, type PackSource } from "./pack-manifest.js";
import { writeSafetensors } from "./safetensors.js";

/**
 * Converts a pack's files and puts it in place with one rename: a reader sees a whole pack or none.
 *
 * @param read gives the bytes of a source's file.
 */
export async function installPack(
  modelsDir: string,
  manifest: PackManifest,
  read: (source: PackSource, path: string) => Promise<Buffer>,
): Promise<void> {
  const fresh = join(modelsDir, `${freshPrefix(manifest)}${randomUUID()}`);
  try {
    await mkdir(fresh);
    await writePack(fresh, manifest, read);
    await moveIntoPlace(fresh, modelsDir, manifest);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** How old a leftover must be to be nobody's any more, in milliseconds. */
const abandonedAfterMs = 3_600_000;

/** Removes what interrupted installations of this pack have left behind. */
export async function sweepAbandoned(modelsDir: string, manifest: PackManifest): Promise<void> {
  for (const entry of await readdir(modelsDir)) {
    const path = join(modelsDir, entry);
    if (entry.startsWith(freshPrefix(manifest)) && (await isAbandoned(path))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs;
}

function freshPrefix(manifest: PackManifest): string {
  return `.${manifest.name}-`;
}

async function writePack(
  dir: string,
  manifest: PackManifest,
  read: (source: PackSource, path: string) => Promise<Buffer>,
): Promise<void> {
  const tensors: NamedTensor[] = [];
  for await (const tensor of convertPack(manifest, read)) tensors.push(tensor);
  const record: PackRecord = {
    name: manifest.name,
    manifestDigest: manifestDigest(manifest),
    weights: await writeSafetensors(weightsPath(dir), tensors),
    convertedAt: new Date().toISOString(),
  };
  await writeFile(recordPath(dir), `${JSON.stringify(record, undefined, 2)}\n`, { flush: true });
}

/** A pack that stands there already is kept when it is good, and makes room when it is not. */
async function moveIntoPlace(fresh: string, modelsDir: string, manifest: PackManifest): Promise<void> {
  const dir = packDir(modelsDir, manifest);
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await renamed(fresh, dir)) return;
    if ((await inspectPack(modelsDir, manifest)).state === "ready") return;
    await setAside(dir, `${fresh}-replaced`);
  }
  throw new PackError(`Expected to put the model pack at ${dir} but something else keeps its place`);
}

/** Renamed before it is removed, so that nobody meets it half removed. */
async function setAside(dir: string, aside: string): Promise<void> {
  if (await renamed(dir, aside)) await rm(aside, { recursive: true, force: true });
}

/** Whether the rename took place; it does not when the target is occupied or another process was faster. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return false;
    throw error;
  }
}
