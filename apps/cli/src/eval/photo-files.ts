import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";

const extensions = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif"];

/** The files below a folder that are named like pictures, in the same order on every machine. @throws Error when there are none. */
export async function photoFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`Expected a folder of pictures at ${folder} but it cannot be read (${cause.code})`, { cause });
  });
  const named = entries.filter((entry) => extensions.includes(extname(entry).toLowerCase()));
  if (named.length === 0)
    throw new Error(`Expected pictures (${extensions.join(", ")}) below ${folder} but found none`);
  return named.sort().map((entry) => join(folder, entry));
}
