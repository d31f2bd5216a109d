import { ProblemError } from "@facefleet/contracts";
import type { ObjectRef, ObjectStore } from "./object-store.js";

const uploadPrefix = "uploads/";
const batchPrefix = "batches/";

/** Where the bytes of an upload are. */
export function uploadRef(store: ObjectStore, uploadId: string): ObjectRef {
  return { bucket: store.defaultBucket, key: `${uploadPrefix}${uploadId}` };
}

/** Where a part of a batch's results is. */
export function batchPartRef(store: ObjectStore, batchId: string, part: number): ObjectRef {
  return { bucket: store.defaultBucket, key: `${batchPrefix}${batchId}/${partName(part)}` };
}

/** Names sort in the order of their parts. */
export function partName(part: number): string {
  return `part-${String(part).padStart(5, "0")}.ndjson`;
}

/** Whether an object is the service's own: what callers handed over, and the results of batches. */
export function isReserved(store: ObjectStore, { bucket, key }: ObjectRef): boolean {
  // Some servers take "//uploads" for "uploads".
  const name = key.replace(/^[/\\]+/, "");
  return bucket === store.defaultBucket && [uploadPrefix, batchPrefix].some((prefix) => name.startsWith(prefix));
}

/**
 * Refuses a caller's own ref to a bucket that is not open to callers, or to what is the service's own.
 * @throws ProblemError bucket_forbidden
 */
export function assertReadable(store: ObjectStore, ref: ObjectRef): void {
  if (!store.allows(ref.bucket)) {
    throw new ProblemError("bucket_forbidden", `Expected a bucket that callers may read but received ${ref.bucket}.`);
  }
  if (isReserved(store, ref)) {
    const own = `Keys under ${uploadPrefix} and ${batchPrefix} are reached by the ids of uploads and batches only.`;
    throw new ProblemError("bucket_forbidden", own);
  }
}
