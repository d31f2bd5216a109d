import { ProblemError } from "@facefleet/contracts";
import { keyFault, nameOf } from "./object-key.js";
import type { ObjectPlace, ObjectRef, ObjectStore } from "./object-store.js";
import { formerFolders } from "./own-objects.js";

/** Whether a key may lead to an object that is the service's own, on any kind of store. */
export function isReserved(store: ObjectStore, { bucket, key }: ObjectRef): boolean {
  const { ownPlace, defaultBucket } = store;
  if (bucket !== ownPlace.bucket && bucket !== defaultBucket) return false;
  // Of every key that begins with this one.
  const name = nameOf(`${key}x`);
  if (bucket === ownPlace.bucket && (ownPlace.prefix === "" || name.startsWith(folderName(ownPlace.prefix))))
    return true;
  return bucket === defaultBucket && formerFolders.some((folder) => name.startsWith(folderName(folder)));
}

const folderNames = new Map<string, string>();

/** What the names of a folder's objects begin with. Few folders are asked for, and again with each request. */
function folderName(folder: string): string {
  const known = folderNames.get(folder) ?? `${nameOf(folder)}/`;
  folderNames.set(folder, known);
  return known;
}

/**
 * Refuses a caller's own ref to a bucket that is not open to callers, or not to this one, or to what is the service's
 * own, or by a key that no store is asked for.
 * @throws ProblemError bucket_forbidden, invalid_request
 */
export function assertReadable(store: ObjectStore, ref: ObjectRef, allowedBuckets?: ReadonlySet<string>): void {
  assertOpen(store, ref, allowedBuckets);
  const fault = keyFault(ref.key);
  if (fault === undefined) return;
  const received = JSON.stringify(ref.key.slice(0, 100));
  throw new ProblemError("invalid_request", `Expected an object key ${fault} but received ${received}.`);
}

function assertOpen(store: ObjectStore, ref: ObjectRef, allowedBuckets?: ReadonlySet<string>): void {
  if (!store.allows(ref.bucket) || allowedBuckets?.has(ref.bucket) === false) {
    throw new ProblemError("bucket_forbidden", `Expected a bucket that callers may read but received ${ref.bucket}.`);
  }
  if (isReserved(store, ref)) {
    throw new ProblemError(
      "bucket_forbidden",
      "What the service keeps is reached by the ids of uploads and batches only.",
    );
  }
}

/**
 * The same for a prefix whose objects are to be read. Those of the service's own among them have to be left out.
 * @throws ProblemError bucket_forbidden, or invalid_request for what begins no key
 */
export function assertListable(store: ObjectStore, place: ObjectPlace, allowedBuckets?: ReadonlySet<string>): void {
  const fault = place.prefix === "" ? undefined : keyFault(place.prefix);
  if (fault) throw new ProblemError("invalid_request", `Expected a prefix of object keys ${fault}.`);
  assertOpen(store, { bucket: place.bucket, key: place.prefix }, allowedBuckets);
}

/**
 * The same for a ref that the service is to write to for a caller.
 * @throws ProblemError bucket_forbidden, or invalid_request for what the store cannot hold
 */
export function assertWritable(store: ObjectStore, ref: ObjectRef, allowedBuckets?: ReadonlySet<string>): void {
  const fault = store.keyFault(ref.key);
  if (fault) throw new ProblemError("invalid_request", `Expected an output with object keys ${fault}.`);
  assertOpen(store, ref, allowedBuckets);
}

/**
 * Refuses a place that the store, as it is now, cannot write to.
 * @throws ProblemError invalid_request
 */
export async function assertHoldable(store: ObjectStore, place: ObjectPlace): Promise<void> {
  const fault = await store.placeFault(place);
  if (fault) throw new ProblemError("invalid_request", `Expected an output ${fault}.`);
}

/** The problem of an upload that has not arrived, or is another tenant's, which is the same to a caller. */
export function uploadNotFound(uploadId: string): ProblemError {
  return new ProblemError("upload_not_found", `Expected an upload that has arrived but received the id ${uploadId}`);
}
