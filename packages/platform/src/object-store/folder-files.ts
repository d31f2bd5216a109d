import { mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { tooLarge } from "./bounded-body.js";
import type { ObjectPart } from "./object-store.js";

const leftoverAgeMs = 3_600_000;

export async function readFile(target: string, maxBytes: number, signal: AbortSignal | undefined): Promise<Buffer> {
  const file = await open(target);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw Object.assign(new Error(`Expected a file at ${target}`), { code: "ENOENT" });
    if (found.size > maxBytes) throw tooLarge(maxBytes, found.size);
    return await file.readFile(signal && { signal });
  } finally {
    await file.close();
  }
}

export async function readFilePart(target: string, offset: number, length: number): Promise<ObjectPart> {
  const file = await open(target);
  try {
    const { mtimeMs, size } = await file.stat();
    const room = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    const { bytesRead } = await file.read(room, 0, room.length, offset);
    return { bytes: room.subarray(0, bytesRead), ...(bytesRead > 0 && { version: `${mtimeMs}-${size}` }) };
  } finally {
    await file.close();
  }
}

export function makeFolder(folder: string): Promise<unknown> {
  return mkdir(folder, { recursive: true, mode: 0o700 });
}

/** How often a folder may be gone again, because what was last in it was deleted, before a file is there. */
const mostLostFolders = 10;

/** Moves a file to where it is to be, and makes the folders. */
export async function moveInto(target: string, file: string): Promise<void> {
  for (let lost = 0; ; lost += 1) {
    try {
      await makeFolder(path.dirname(target));
      return await rename(file, target);
    } catch (error) {
      const isLost = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!isLost || lost === mostLostFolders) throw error;
    }
  }
}

/** Removes the folders of a key that have nothing in them any more, but for the first. */
export async function removeEmptyFolders(bucket: string, key: string): Promise<void> {
  const segments = key.split("/").slice(0, -1);
  try {
    for (; segments.length > 1; segments.pop()) await rmdir(path.join(bucket, ...segments));
  } catch {
    // It has something in it; another that stays does no harm.
  }
}

export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > leftoverAgeMs) await rm(file, { force: true });
  }
}

/** The key of the file that is where a folder of the prefix would be, if there is one. */
export async function fileInTheWay(bucket: string, prefix: string): Promise<string | undefined> {
  const segments = prefix.split("/").filter((segment) => segment !== "");
  for (let depth = 1; depth <= segments.length; depth += 1) {
    const key = segments.slice(0, depth).join("/");
    const found = await stat(path.join(bucket, key)).catch(() => undefined);
    if (found?.isFile()) return key;
  }
  return undefined;
}
