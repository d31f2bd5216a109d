import type { ImageRef } from "@facefleet/contracts";
import {
  assertHoldable,
  assertListable,
  assertReadable,
  assertWritable,
  batchCopyRef,
  type Egress,
  type ObjectPlace,
  type ObjectStore,
  type UploadRegistry,
  uploadNotFound,
} from "@facefleet/platform";
import type { Tenant } from "./tenant.js";

/** As long as every other. */
const anyBatchId = `b${"0".repeat(32)}`;

/** Where images may come from. */
interface ImageSources {
  readonly store: ObjectStore;
  readonly egress: Egress;
}

/**
 * Refuses a reference to what a tenant may not read, or nobody can.
 * @throws ProblemError `bucket_forbidden`, `url_forbidden`, `invalid_request`
 */
export function assertImageAllowed({ store, egress }: ImageSources, tenant: Tenant, image: ImageRef): void {
  if ("s3" in image) assertReadable(store, image.s3, tenant.allowedBuckets);
  if ("url" in image) egress.assertAllowed(image.url);
}

/**
 * Refuses uploads that another tenant asked for, as if there were none.
 * @throws ProblemError `upload_not_found`
 */
export async function assertUploadsOwn(uploads: UploadRegistry, tenant: Tenant, ids: readonly string[]): Promise<void> {
  const own = new Set(await uploads.ownOf(tenant.id, ids));
  const foreign = ids.find((id) => !own.has(id));
  if (foreign !== undefined) throw uploadNotFound(foreign);
}

/**
 * Refuses a source whose objects a tenant may not read. What is the service's own among them counts for nothing.
 * @throws ProblemError `bucket_forbidden`, `invalid_request`
 */
export function assertPlaceAllowed(store: ObjectStore, tenant: Tenant, place: ObjectPlace): void {
  assertListable(store, place, tenant.allowedBuckets);
}

/**
 * Refuses an output that a tenant may not write to, or that the store cannot hold: hours later it would be too late.
 * @throws ProblemError `bucket_forbidden`, `invalid_request`
 */
export async function assertOutputAllowed(store: ObjectStore, tenant: Tenant, place: ObjectPlace): Promise<void> {
  assertWritable(store, batchCopyRef(place, anyBatchId, 0), tenant.allowedBuckets);
  await assertHoldable(store, place);
}
