import { ProblemError } from "@facefleet/contracts";
import { keyFault } from "./object-key.js";
import type { ObjectPlace, ObjectRef, ObjectStore } from "./object-store.js";

const uploadPrefix = "uploads/";
const batchPrefix = "batches/";
const resultPrefix = "results/";
const ownPrefixes = [uploadPrefix, batchPrefix, resultPrefix];

/** Where the bytes of an upload are. */
export function uploadRef(store: ObjectStore, uploadId: string): ObjectRef {
  return { bucket: store.defaultBucket, key: `${uploadPrefix}${uploadId}` };
}

/** Where a result is that is too large for Redis, or a line of a batch's results that is. */
export function resultRef(store: ObjectStore, id: string): ObjectRef {
  return { bucket: store.defaultBucket, key: `${resultPrefix}${id}` };
}

/** Where a part of a batch's results is. */
export function batchPartRef(store: ObjectStore, batchId: string, part: number): ObjectRef {
  return { bucket: store.defaultBucket, key: `${batchPrefix}${batchId}/${partName(part)}` };
}

/** Where the owner of a batch gets a copy of that part. */
export function batchCopyRef(place: ObjectPlace, batchId: string, part: number): ObjectRef {
  return { bucket: place.bucket, key: `${copyFolder(place, batchId)}${partName(part)}` };
}

/** Whether an object is such a copy. */
export function isBatchCopy(place: ObjectPlace, batchId: string, { bucket, key }: ObjectRef): boolean {
  return bucket === place.bucket && key.startsWith(copyFolder(place, batchId));
}

function copyFolder({ prefix }: ObjectPlace, batchId: string): string {
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  return `${folder}${batchId}/`;
}

/** Names sort in the order of their parts. */
function partName(part: number): string {
  return `part-${String(part).padStart(5, "0")}.ndjson`;
}

/** Whether an object is the service's own: what callers handed over, and results. */
export function isReserved(store: ObjectStore, { bucket, key }: ObjectRef): boolean {
  // Some servers take "//uploads" for "uploads".
  const name = key.replace(/^[/\\]+/, "");
  return bucket === store.defaultBucket && ownPrefixes.some((prefix) => name.startsWith(prefix));
}

/**
 * Refuses a caller's own ref to a bucket that is not open to callers, or not to this one, or to what is the service's
 * own.
 * @throws ProblemError bucket_forbidden
 */
export function assertReadable(store: ObjectStore, ref: ObjectRef, allowedBuckets?: ReadonlySet<string>): void {
  if (!store.allows(ref.bucket) || allowedBuckets?.has(ref.bucket) === false) {
    throw new ProblemError("bucket_forbidden", `Expected a bucket that callers may read but received ${ref.bucket}.`);
  }
  if (isReserved(store, ref)) {
    const own = `Keys under ${ownPrefixes.join(", ")} are reached by the ids of uploads, batches and jobs only.`;
    throw new ProblemError("bucket_forbidden", own);
  }
}

/**
 * The same for a ref that the service is to write to for a caller.
 * @throws ProblemError bucket_forbidden, or invalid_request for what no store can hold
 */
export function assertWritable(store: ObjectStore, ref: ObjectRef, allowedBuckets?: ReadonlySet<string>): void {
  const fault = keyFault(ref.key);
  if (fault) throw new ProblemError("invalid_request", `Expected an output with object keys ${fault}.`);
  assertReadable(store, ref, allowedBuckets);
}

/** The problem of an upload that has not arrived, or is another tenant's, which is the same to a caller. */
export function uploadNotFound(uploadId: string): ProblemError {
  return new ProblemError("upload_not_found", `Expected an upload that has arrived but received the id ${uploadId}`);
}
