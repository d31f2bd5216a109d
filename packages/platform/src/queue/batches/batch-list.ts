import type { Batch, BatchState } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { type ListQuery, NewestFirst } from "../redis/newest-first.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { BatchViews } from "./batch-views.js";

export type BatchQuery = ListQuery<BatchState>;

export interface BatchPage {
  /** Newest first. */
  readonly batches: Batch[];
  /** Where the next page starts; absent on the last one. */
  readonly cursor?: string;
}

/** Pages of a tenant's batches, those that have ended included until they are forgotten. */
export class BatchList {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly views: BatchViews,
  ) {}

  /** @throws ProblemError `invalid_request` for a cursor that came from no page */
  async page(tenant: string, query: BatchQuery): Promise<BatchPage> {
    const look = (ids: readonly string[]) => this.views.all(tenant, ids);
    const { items, ...rest } = await new NewestFirst(this.redis, look).page(this.keys.listedBatches(tenant), query);
    return { batches: items, ...rest };
  }
}
