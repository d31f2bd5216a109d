import { ProblemError } from "@facefleet/contracts";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type KeyRing, keyIdOf } from "./key-ring.js";
import type { Tenant } from "./tenant.js";

/** `Authorization: Bearer <key>` (RFC 6750, 2.1). */
const bearer = /^Bearer +([\w.~+/-]+=*) *$/i;
/** RFC 6750, 3: the scheme is followed by at least one parameter. */
const challenge = 'Bearer realm="facefleet"';

interface Authenticated {
  readonly tenant: Tenant;
  readonly keyId: string;
}

/**
 * Whose request it is, by the key that it carries. Unknown, expired and revoked keys are refused alike.
 * @throws ProblemError `unauthorized`, `tenant_suspended`
 */
export function authenticate({ headers }: FastifyRequest, reply: FastifyReply, ring: KeyRing): Authenticated {
  const { authorization = "" } = headers;
  const key = bearer.exec(authorization)?.[1] ?? "";
  const tenant = ring.ownerOf(key);
  if (tenant?.isSuspended)
    throw new ProblemError("tenant_suspended", `Expected a tenant that may ask but ${tenant.id} is suspended.`);
  if (tenant) return { tenant, keyId: keyIdOf(key, tenant) };
  const isBearer = /^Bearer +\S/i.test(authorization);
  reply.header("www-authenticate", isBearer ? `${challenge}, error="invalid_token"` : challenge);
  throw new ProblemError("unauthorized", `Expected a valid API key but received ${isBearer ? "another one" : "none"}`);
}
