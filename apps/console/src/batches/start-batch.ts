import type { Batch, BatchRequest, FacefleetClient, UploadRequest } from "@facefleet/client";

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

const options = { crops: true, embeddingFormat: "base64" } as const;

/** Uploads that are on their way at a time. */
const atOnce = 4;

/** Hands the files over, where there are any, and starts a batch whose faces have crops. */
export async function startBatch(
  client: FacefleetClient,
  { source, files, place, task, webhook }: BatchPlan,
  onUploaded: (uploaded: number) => void,
): Promise<Batch> {
  const name = source === "files" ? `${files.length} files` : place.trim();
  const common = {
    task,
    options,
    metadata: { name: name.slice(0, 512) },
    ...(webhook && { webhook: { url: webhook } }),
  };
  const [bucket, key] = bucketAndKey(place);
  if (source === "files") return client.submitBatch({ ...common, items: await uploadAll(client, files, onUploaded) });
  if (source === "prefix") return client.submitBatch({ ...common, prefix: { s3: { bucket, prefix: key } } });
  return client.submitBatch({ ...common, manifest: { s3: { bucket, key } } });
}

type Items = Extract<BatchRequest, { readonly items: unknown }>["items"];

/** Some at a time, in their order. */
async function uploadAll(
  client: FacefleetClient,
  files: readonly File[],
  onUploaded: (uploaded: number) => void,
): Promise<Items> {
  const items: Items = [];
  let next = 0;
  let uploaded = 0;
  const run = async () => {
    for (let index = next++; index < files.length; index = next++) {
      const file = files[index]!;
      const image = await client.upload(file, contentTypeOf(file));
      items[index] = { image, id: `${index + 1}. ${file.name}`.slice(0, 255) };
      onUploaded(++uploaded);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, files.length) }, run));
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
