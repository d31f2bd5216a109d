import { ProblemError } from "@facefleet/contracts";
import { type RequestLimits, requestWindowSeconds } from "@facefleet/platform";
import type { FastifyReply } from "fastify";
import type { Tenant } from "./tenant.js";

/** What the headers call the limit. */
const policy = '"per-minute"';

/**
 * Counts a request of a tenant with a limit, and tells in the headers of its answer what is left
 * (draft-ietf-httpapi-ratelimit-headers-10).
 * @throws ProblemError `rate_limited`
 */
export async function countRequest(
  { id, requestsPerMinute }: Tenant,
  reply: FastifyReply,
  limits: RequestLimits,
): Promise<void> {
  if (requestsPerMinute === undefined) return;
  reply.header("ratelimit-policy", `${policy};q=${requestsPerMinute};w=${requestWindowSeconds}`);
  const { isExceeded, remaining, resetSeconds } = await limits.count(id, requestsPerMinute);
  reply.header("ratelimit", `${policy};r=${remaining};t=${resetSeconds}`);
  if (!isExceeded) return;
  reply.header("retry-after", resetSeconds);
  throw new ProblemError("rate_limited", `Expected at most ${requestsPerMinute} requests a minute.`);
}
