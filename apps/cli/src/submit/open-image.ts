import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";

/** @throws Error for a path at which there is no file */
export async function openImage(path: string): Promise<Blob> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw new Error(`Expected a file that can be read but received ${path}`);
  return await openAsBlob(path);
}
