import type { UploadClaim } from "@facefleet/platform";
import type { FastifyRequest } from "fastify";

/** What an image of a request may take: no more than all of the request, of which the length may be told. */
export function uploadClaimOf({ tenant, headers }: FastifyRequest, maxBytes: number): UploadClaim {
  const length = Number(headers["content-length"] ?? Number.POSITIVE_INFINITY);
  return { ...tenant.quotas, tenant: tenant.id, bytes: Math.min(length, maxBytes) };
}
