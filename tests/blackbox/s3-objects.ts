import { randomUUID } from "node:crypto";
import type { ObjectStore } from "@facefleet/platform";
import { inject } from "vitest";
import { bucketsOf } from "../support/buckets.js";

/** The deployment's S3 server, as somebody else who uses it sees it. */
export function openBuckets(): ObjectStore {
  return bucketsOf(inject("deployment"));
}

/** Puts an image into a bucket; returns how a job refers to it. */
export async function putPhoto(
  image: Uint8Array,
  { bucket = "photos", key = `${randomUUID()}.png` } = {},
): Promise<{ s3: { bucket: string; key: string } }> {
  await openBuckets().put({ bucket, key }, image, { maxBytes: 1e8 });
  return { s3: { bucket, key } };
}
