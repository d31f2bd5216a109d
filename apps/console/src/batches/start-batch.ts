import type { Batch, BatchRequest, FacefleetClient, ImageRef, UploadRequest } from "@facefleet/client";
import { count } from "../parts/words.js";

type Source = "files" | "prefix" | "manifest";

/** What a batch is to be made of. */
export interface BatchPlan {
  readonly source: Source;
  readonly files: readonly File[];
  /** `bucket/key`; of a prefix or a manifest. */
  readonly place: string;
  readonly task: "detect" | "embed";
  readonly webhook: string;
}

/** The most that a batch lists; more are in a manifest or below a prefix. */
export const mostFiles = 1000;

const jobOptions = { crops: true, embeddingFormat: "base64" } as const;

/** Uploads that are on their way at a time. */
const atOnce = 4;

/** The files that the service has, which are not handed over again where a batch could not be started. */
export type HandedOver = WeakMap<File, { readonly image: ImageRef; readonly at: number }>;

/** An upload that no job names is deleted after an hour. */
const handedOverForMs = 45 * 60_000;

interface StartOptions {
  /** Who hands the files over. */
  readonly uploader: FacefleetClient;
  readonly handedOver: HandedOver;
  readonly onUploaded: (uploaded: number) => void;
  readonly signal: AbortSignal;
}

/** Hands the files over, where there are any, and starts a batch whose faces have crops. */
export async function startBatch(
  client: FacefleetClient,
  { source, files, place, task, webhook }: BatchPlan,
  options: StartOptions,
): Promise<Batch> {
  const name = source === "files" ? count(files.length, "file") : place.trim();
  const common = {
    task,
    options: jobOptions,
    metadata: { name: name.slice(0, 512) },
    ...(webhook && { webhook: { url: webhook } }),
  };
  const [bucket, key] = bucketAndKey(place);
  const { signal } = options;
  if (source === "files") {
    return client.submitBatch({ ...common, items: await uploadAll(files, options) }, { signal });
  }
  const listed =
    source === "prefix" ? { prefix: { s3: { bucket, prefix: key } } } : { manifest: { s3: { bucket, key } } };
  return client.submitBatch({ ...common, ...listed }, { signal });
}

type Items = Extract<BatchRequest, { readonly items: unknown }>["items"];

/** Some at a time, in their order; the first that fails ends the others. */
async function uploadAll(
  files: readonly File[],
  { uploader, handedOver, onUploaded, signal: ended }: StartOptions,
): Promise<Items> {
  const failed = new AbortController();
  const signal = AbortSignal.any([ended, failed.signal]);
  const handOver = async (file: File): Promise<ImageRef> => {
    const known = handedOver.get(file);
    if (known && Date.now() - known.at < handedOverForMs) return known.image;
    const image = await uploader.upload(file, contentTypeOf(file), { signal });
    handedOver.set(file, { image, at: Date.now() });
    return image;
  };
  const items: Items = [];
  let next = 0;
  let uploaded = 0;
  const run = async () => {
    for (let index = next++; index < files.length; index = next++) {
      const file = files[index]!;
      const image = await handOver(file);
      items[index] = { image, id: `${index + 1}. ${file.name}`.slice(0, 255) };
      onUploaded(++uploaded);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, files.length) }, run));
  } finally {
    failed.abort();
  }
  return items;
}

const contentTypes: Readonly<Record<string, UploadRequest["contentType"]>> = {
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  tif: "image/tiff",
  tiff: "image/tiff",
  avif: "image/avif",
  heic: "image/heic",
  heif: "image/heic",
};

/** By the name: browsers do not know all types. What it really is, the worker finds out. */
function contentTypeOf({ name }: File): UploadRequest["contentType"] {
  return contentTypes[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "image/jpeg";
}

/** `bucket/a/b` as its two parts; a scheme before it may stay. */
function bucketAndKey(text: string): readonly [bucket: string, key: string] {
  const [, bucket = "", key = ""] = /^(?:s3:\/\/)?([^/]*)\/?(.*)$/.exec(text.trim()) ?? [];
  return [bucket, key];
}
