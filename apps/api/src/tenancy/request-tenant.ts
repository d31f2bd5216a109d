import { defaultTenant } from "@facefleet/contracts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "./access.js";
import { authenticate } from "./authentication.js";
import { countRequest } from "./request-limit.js";
import type { Tenant } from "./tenant.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is asking. On public routes nobody is, once there are keys. */
    tenant: Tenant;
    /** What the key is called that it carried; undefined where there are none. */
    keyId: string | undefined;
  }
  interface FastifyContextConfig {
    /** Whether the route answers without a key. */
    readonly public?: boolean;
  }
}

const everyone: Tenant = {
  id: defaultTenant,
  isSuspended: false,
  requestsPerMinute: undefined,
  // Nobody else is to be left room for.
  quotas: { maxKeptBytes: Number.POSITIVE_INFINITY },
  allowedBuckets: undefined,
};

/**
 * Finds out whose each request is, before a byte of its body is read, and refuses those that are nobody's. An address
 * that does not exist is no public route: without a key nobody learns which do.
 */
export function tellTenants(app: FastifyInstance, access: Access | undefined): void {
  app.decorateRequest("tenant");
  app.decorateRequest("keyId", undefined);
  if (access) app.addHook("onRequest", (request, reply) => admit(request, reply, access));
  else {
    app.addHook("onRequest", (request, _reply, done) => {
      request.tenant = everyone;
      done();
    });
  }
}

async function admit(request: FastifyRequest, reply: FastifyReply, access: Access): Promise<void> {
  if (request.routeOptions.config.public) return;
  const { keys, limits, openAnswers } = access;
  const { tenant, keyId } = authenticate(request, reply, keys.ring);
  request.tenant = tenant;
  request.keyId = keyId;
  openAnswers.add(reply.raw, keyId);
  await countRequest(request.tenant, reply, limits);
}
