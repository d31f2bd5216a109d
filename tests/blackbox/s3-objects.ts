import { randomUUID } from "node:crypto";
import { createObjectStore, type ObjectStore } from "@facefleet/platform";
import { inject } from "vitest";

/** The deployment's S3 server, as somebody else who uses it sees it. */
export function openBuckets(): ObjectStore {
  const { endpoint, accessKeyId, secretAccessKey, bucket } = inject("deployment")!.s3;
  return createObjectStore({
    S3_ENDPOINT: endpoint,
    S3_REGION: "us-east-1",
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_FORCE_PATH_STYLE: true,
    STORE_DIR: "",
  });
}

/** Puts an image into a bucket; returns how a job refers to it. */
export async function putPhoto(
  image: Uint8Array,
  { bucket = "photos", key = `${randomUUID()}.png` } = {},
): Promise<{ s3: { bucket: string; key: string } }> {
  await openBuckets().put({ bucket, key }, image, { maxBytes: 1e8 });
  return { s3: { bucket, key } };
}
