import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { imageFormats } from "@facefleet/contracts";

/** One image to send, by the name under which it is reported; or why there is none. */
export type SubmitInput =
  | { readonly kind: "file"; readonly name: string; readonly contentType: string }
  | { readonly kind: "s3"; readonly name: string; readonly bucket: string; readonly key: string }
  | { readonly kind: "fault"; readonly name: string; readonly fault: string };

const contentTypes: Readonly<Record<string, string>> = {
  ".jpg": imageFormats.jpeg,
  ".jpeg": imageFormats.jpeg,
  ".png": imageFormats.png,
  ".webp": imageFormats.webp,
  ".gif": imageFormats.gif,
  ".tif": imageFormats.tiff,
  ".tiff": imageFormats.tiff,
  ".avif": imageFormats.avif,
};

/** Turns files, folders (with everything below them) and s3:// URLs into single images, in a stable order. */
export async function expandInputs(names: readonly string[]): Promise<SubmitInput[]> {
  return (await Promise.all(names.map(expandInput))).flat();
}

async function expandInput(name: string): Promise<SubmitInput[]> {
  if (name.startsWith("s3://")) return [s3Input(name)];
  try {
    return (await stat(name)).isDirectory() ? await folderInputs(name) : [fileInput(name)];
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is none" : (error as Error).message;
    return [{ kind: "fault", name, fault: `Expected a file or folder that can be read, but ${reason}` }];
  }
}

function s3Input(name: string): SubmitInput {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(name) ?? [];
  if (bucket && key) return { kind: "s3", name, bucket, key };
  return { kind: "fault", name, fault: `Expected s3://bucket/key but received ${name}` };
}

function fileInput(name: string): SubmitInput {
  return { kind: "file", name, contentType: contentTypes[extname(name).toLowerCase()] ?? "application/octet-stream" };
}

async function folderInputs(folder: string): Promise<SubmitInput[]> {
  const files = await imagesBelow(folder);
  if (files.length > 0) return files.map(fileInput);
  const formats = Object.keys(imageFormats).join(", ");
  return [{ kind: "fault", name: folder, fault: `Expected images (${formats}) in the folder but found none` }];
}

async function imagesBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort(byName);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return imagesBelow(path);
      return extname(entry.name).toLowerCase() in contentTypes ? [path] : [];
    }),
  );
  return found.flat();
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}
