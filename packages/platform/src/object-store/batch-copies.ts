import { nameOf } from "./object-key.js";
import type { ObjectPlace, ObjectRef } from "./object-store.js";

/** Where the owner of a batch gets a copy of a part of its results. */
export function batchCopyRef(place: ObjectPlace, batchId: string, part: number): ObjectRef {
  return { bucket: place.bucket, key: `${copyFolder(place, batchId)}${partName(part)}` };
}

/** Whether an object is such a copy, whatever the store makes of the prefix. */
export function isBatchCopy(place: ObjectPlace, batchId: string, { bucket, key }: ObjectRef): boolean {
  return bucket === place.bucket && nameOf(key).startsWith(`${nameOf(copyFolder(place, batchId))}/`);
}

function copyFolder({ prefix }: ObjectPlace, batchId: string): string {
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  return `${folder}${batchId}/`;
}

/** Names sort in the order of their parts. */
export function partName(part: number): string {
  return `part-${String(part).padStart(5, "0")}.ndjson`;
}
