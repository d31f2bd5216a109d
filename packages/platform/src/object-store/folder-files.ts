import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
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
