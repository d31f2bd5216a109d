import type { ImageRef } from "@facefleet/contracts";
import { uploadNotFound, uploadsOf } from "@facefleet/platform";
import type { ApiServices } from "../services.js";
import { assertImageAllowed, assertUploadsOwn } from "../tenancy/image-access.js";
import type { Tenant } from "../tenancy/tenant.js";

/**
 * Refuses references to what a tenant may not read, and to uploads that are not there.
 * @param isRepeatable whether the request may be one that was done before: that may name an upload that its first job has used
 *   up, so that whether it is there the worker finds out
 * @throws ProblemError `bucket_forbidden`, `url_forbidden`, `upload_not_found`
 */
export async function expectReadable(
  services: Pick<ApiServices, "store" | "egress" | "uploads" | "intake">,
  tenant: Tenant,
  images: readonly ImageRef[],
  isRepeatable = false,
): Promise<void> {
  for (const image of images) assertImageAllowed(services, tenant, image);
  const uploads = uploadsOf({ images });
  if (uploads.length === 0) return;
  await assertUploadsOwn(services.uploads, tenant, uploads);
  if (isRepeatable) return;
  const arrived = await Promise.all(uploads.map((id) => services.intake.has(id)));
  const missing = uploads.find((_, i) => !arrived[i]);
  if (missing !== undefined) throw uploadNotFound(missing);
}
