import { type ImageRef, ProblemError } from "@facefleet/contracts";
import {
  assertReadable,
  type Egress,
  type ObjectPlace,
  type ObjectRef,
  type ObjectStore,
  type UploadRegistry,
} from "@facefleet/platform";
import type { Tenant } from "./tenant.js";

/** Where images may come from. */
interface ImageSources {
  readonly store: ObjectStore;
  readonly egress: Egress;
}

/**
 * Refuses a reference to what a tenant may not read.
 * @throws ProblemError `bucket_forbidden`, `url_forbidden`
 */
export function assertImageAllowed({ store, egress }: ImageSources, tenant: Tenant, image: ImageRef): void {
  if ("s3" in image) assertObjectAllowed(store, tenant, image.s3);
  if ("url" in image) egress.assertAllowed(image.url);
}

/**
 * Refuses an upload that another tenant asked for, as if there were none.
 * @throws ProblemError `upload_not_found`
 */
export async function assertUploadOwn(uploads: UploadRegistry, tenant: Tenant, uploadId: string): Promise<void> {
  if (!(await uploads.isOwn(tenant.id, uploadId))) throw uploadNotFound(uploadId);
}

export function uploadNotFound(uploadId: string): ProblemError {
  return new ProblemError("upload_not_found", `Expected an upload that has arrived but received the id ${uploadId}`);
}

/**
 * The same for all objects whose keys begin with a prefix. What is the service's own among them counts for nothing.
 * @throws ProblemError `bucket_forbidden`
 */
export function assertPlaceAllowed(store: ObjectStore, tenant: Tenant, { bucket, prefix }: ObjectPlace): void {
  assertObjectAllowed(store, tenant, { bucket, key: prefix });
}

/** @throws ProblemError `bucket_forbidden` */
function assertObjectAllowed(store: ObjectStore, tenant: Tenant, ref: ObjectRef): void {
  assertReadable(store, ref);
  if (tenant.allowedBuckets && !tenant.allowedBuckets.has(ref.bucket)) {
    throw new ProblemError("bucket_forbidden", `Expected a bucket that callers may read but received ${ref.bucket}.`);
  }
}
