import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";

/** @throws Error for a path at which there is no file, or an empty one */
export async function openImage(path: string): Promise<Blob> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Error(`Expected a file that can be read but received ${path}`);
  if (found.size === 0) throw new Error(`Expected an image but received ${path}, which is empty`);
  return await openAsBlob(path);
}
