import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { convertPack } from "./convert.js";
import { verifyWeights } from "./model-pack.js";
import type { PackManifest, PackSource } from "./pack-manifest.js";
import { type NamedTensor, writeSafetensors } from "./safetensors.js";
import { weightsPath } from "./weights-path.js";

/**
 * Converts a pack's upstream files and puts its weights in place.
 *
 * @param read gives the bytes of a source's file.
 */
export function installConverted(
  modelsDir: string,
  manifest: PackManifest,
  read: (source: PackSource, path: string) => Promise<Buffer>,
): Promise<void> {
  return install(modelsDir, manifest, async (path) => {
    const tensors: NamedTensor[] = [];
    for await (const tensor of convertPack(manifest, read)) tensors.push(tensor);
    await writeSafetensors(path, tensors);
  });
}

/** Puts a copy of a pack's weights in place. */
export function installCopy(modelsDir: string, manifest: PackManifest, file: string): Promise<void> {
  return install(modelsDir, manifest, (path) => copyFile(file, path));
}

/** With one rename, once every byte was checked: a reader sees the right weights or none. */
async function install(modelsDir: string, manifest: PackManifest, write: (path: string) => Promise<void>) {
  const fresh = join(modelsDir, `${freshPrefix(manifest)}${randomUUID()}`);
  try {
    await mkdir(modelsDir, { recursive: true });
    await write(fresh);
    await verifyWeights(fresh, manifest);
    await rename(fresh, weightsPath(modelsDir, manifest));
  } finally {
    // What went wrong before says more than that there is nothing to remove.
    await rm(fresh, { force: true }).catch(() => undefined);
  }
}

/** How old a leftover must be to be nobody's any more, in milliseconds. */
const abandonedAfterMs = 3_600_000;

/** Removes what interrupted installations of this pack have left behind. */
export async function sweepAbandoned(modelsDir: string, manifest: PackManifest): Promise<void> {
  for (const entry of await readdir(modelsDir)) {
    const path = join(modelsDir, entry);
    if (entry.startsWith(freshPrefix(manifest)) && (await isAbandoned(path))) await rm(path, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs;
}

function freshPrefix(manifest: PackManifest): string {
  return `.${manifest.name}-`;
}
