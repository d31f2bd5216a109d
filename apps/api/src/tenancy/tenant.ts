import type { TenantId } from "@facefleet/contracts";
import type { Quotas } from "@facefleet/platform";

/** What a tenant may have at once; any number of what is undefined, or Infinity. */
export interface TenantQuotas extends Quotas {
  /** How many uploads that are not deleted. */
  readonly maxUploads?: number | undefined;
}

/** Who is asking, and what they may do. */
export interface Tenant {
  readonly id: TenantId;
  /** Whether whatever it asks for is refused. */
  readonly isSuspended: boolean;
  /** Any number without it. */
  readonly requestsPerMinute: number | undefined;
  readonly quotas: TenantQuotas;
  /** The buckets that may be named; without it, all that the service opens to callers. */
  readonly allowedBuckets: ReadonlySet<string> | undefined;
}
