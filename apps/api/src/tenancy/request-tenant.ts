import { defaultTenant } from "@facefleet/contracts";
import type { FastifyInstance } from "fastify";
import type { Tenant } from "./tenant.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is asking. */
    readonly tenant: Tenant;
  }
}

const everyone: Tenant = { id: defaultTenant, maxQueuedJobs: undefined, allowedBuckets: undefined };

/** Finds out whose each request is. */
export function tellTenants(app: FastifyInstance): void {
  app.decorateRequest("tenant", { getter: () => everyone });
}
