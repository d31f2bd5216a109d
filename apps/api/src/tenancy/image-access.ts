import { type ImageRef, ProblemError } from "@facefleet/contracts";
import { assertReadable, type ObjectRef, type ObjectStore } from "@facefleet/platform";
import type { Tenant } from "./tenant.js";

/**
 * Refuses a reference to what a tenant may not read.
 * @throws ProblemError `bucket_forbidden`
 */
export function assertImageAllowed(store: ObjectStore, tenant: Tenant, image: ImageRef): void {
  if ("s3" in image) assertObjectAllowed(store, tenant, image.s3);
}

/** @throws ProblemError `bucket_forbidden` */
export function assertObjectAllowed(store: ObjectStore, tenant: Tenant, ref: ObjectRef): void {
  assertReadable(store, ref);
  if (tenant.allowedBuckets && !tenant.allowedBuckets.has(ref.bucket)) {
    throw new ProblemError("bucket_forbidden", `Expected a bucket that callers may read but received ${ref.bucket}.`);
  }
}
