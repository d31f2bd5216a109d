import { ProblemError } from "@facefleet/contracts";
import type { ObjectRef, ObjectStore } from "./object-store.js";

const uploadPrefix = "uploads/";

/** Where the bytes of an upload are. */
export function uploadRef(store: ObjectStore, uploadId: string): ObjectRef {
  return { bucket: store.defaultBucket, key: `${uploadPrefix}${uploadId}` };
}

/**
 * Refuses a caller's own ref to a bucket that is not open to callers, or to the uploads of others.
 * @throws ProblemError bucket_forbidden
 */
export function assertReadable(store: ObjectStore, { bucket, key }: ObjectRef): void {
  if (!store.allows(bucket)) {
    throw new ProblemError("bucket_forbidden", `Expected a bucket that callers may read but received ${bucket}.`);
  }
  // Some servers take "//uploads" for "uploads".
  const reserved = bucket === store.defaultBucket && key.replace(/^[/\\]+/, "").startsWith(uploadPrefix);
  if (reserved) {
    throw new ProblemError("bucket_forbidden", `Keys under ${uploadPrefix} are reached by their upload's id only.`);
  }
}
