import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { UploadRequest } from "@facefleet/client";

/** One image to send, by the name under which it is reported; or why there is none. */
export type SubmitInput =
  | { readonly kind: "file"; readonly name: string; readonly contentType: string }
  | { readonly kind: "s3"; readonly name: string; readonly bucket: string; readonly key: string }
  | { readonly kind: "fault"; readonly name: string; readonly fault: string };

type ContentType = UploadRequest["contentType"];

const contentTypes: Readonly<Record<string, ContentType>> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".jpe": "image/jpeg",
  ".jfif": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".tif": "image/tiff",
  ".tiff": "image/tiff",
  ".avif": "image/avif",
  ".heic": "image/heic",
  ".heif": "image/heic",
  ".hif": "image/heic",
};

/** What a file is by its name; of a name that says nothing what most are. The service looks at the bytes. */
export function contentTypeOf(name: string): ContentType {
  return typeOf(name) ?? "image/jpeg";
}

function typeOf(name: string): ContentType | undefined {
  return contentTypes[extname(name).toLowerCase()];
}

export interface ExpandedInputs {
  readonly inputs: SubmitInput[];
  /** The names of files in folders that are no images by them. */
  readonly leftOut: readonly string[];
}

/** Turns files, folders (with everything below them) and s3:// URLs into single images, in a stable order. */
export async function expandInputs(names: readonly string[]): Promise<ExpandedInputs> {
  const expanded = await Promise.all(names.map(expandInput));
  return {
    inputs: expanded.flatMap(({ inputs }) => inputs),
    leftOut: expanded.flatMap(({ leftOut }) => leftOut),
  };
}

async function expandInput(name: string): Promise<ExpandedInputs> {
  if (name.startsWith("s3://")) return single(s3Input(name));
  try {
    return (await stat(name)).isDirectory() ? await folderInputs(name) : single(fileInput(name));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is none" : (error as Error).message;
    return single({ kind: "fault", name, fault: `Expected a file or folder that can be read, but ${reason}` });
  }
}

function single(input: SubmitInput): ExpandedInputs {
  return { inputs: [input], leftOut: [] };
}

function s3Input(name: string): SubmitInput {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(name) ?? [];
  if (bucket && key) return { kind: "s3", name, bucket, key };
  return { kind: "fault", name, fault: `Expected s3://bucket/key but received ${name}` };
}

function fileInput(name: string): SubmitInput {
  return { kind: "file", name, contentType: typeOf(name) ?? "application/octet-stream" };
}

async function folderInputs(folder: string): Promise<ExpandedInputs> {
  const files = await filesBelow(folder);
  const images = files.filter(isImage);
  const leftOut = files.filter((path) => !isImage(path));
  if (images.length > 0) return { inputs: images.map(fileInput), leftOut };
  const formats = [...new Set(Object.values(contentTypes))].map((type) => type.replace("image/", "")).join(", ");
  return single({ kind: "fault", name: folder, fault: `Expected images (${formats}) in the folder but found none` });
}

function isImage(path: string): boolean {
  return typeOf(path) !== undefined;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort(byName);
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
  return (await Promise.all(found)).flat();
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}
