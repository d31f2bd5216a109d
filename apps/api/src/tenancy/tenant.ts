import type { TenantId } from "@facefleet/contracts";

/** Who is asking, and what they may do. */
export interface Tenant {
  readonly id: TenantId;
  /** Any number without it. */
  readonly requestsPerMinute: number | undefined;
  /** The most jobs that may be queued or active at once; any number without it. */
  readonly maxQueuedJobs: number | undefined;
  /** The buckets that may be named; without it, all that the service opens to callers. */
  readonly allowedBuckets: ReadonlySet<string> | undefined;
}
