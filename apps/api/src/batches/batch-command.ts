import type { BatchRequest, DetectorName, ImageRef } from "@facefleet/contracts";
import type { BatchPlan } from "@facefleet/platform";
import { askedOptions, completeOptions, expectFitting } from "../jobs/job-command.js";
import { identityDigest } from "../jobs/request-identity.js";
import type { Tenant } from "../tenancy/tenant.js";

/** A checked request for a batch, complete with every default. */
export interface BatchCommand {
  readonly plan: BatchPlan;
  /** Those that came with the request. */
  readonly items: readonly ImageRef[];
  /** The same for two requests that ask for the same. */
  bodyHash(): string;
}

/** @throws ProblemError `invalid_request` */
export function batchCommandOf(
  request: BatchRequest,
  {
    tenant,
    defaultTtlSeconds,
    defaultDetector,
  }: { readonly tenant: Tenant; readonly defaultTtlSeconds: number; readonly defaultDetector: DetectorName },
): BatchCommand {
  const { task, options, priority = "low", output, webhook, metadata, resultTtlSeconds } = request;
  expectFitting(task, options);
  const items = "items" in request ? request.items : [];
  const plan: BatchPlan = {
    tenant: tenant.id,
    task,
    options: completeOptions(options, defaultDetector),
    priority,
    source: sourceOf(request),
    ...(output && { output }),
    ...(webhook && { webhook }),
    ...(metadata && { metadata }),
    resultTtlSeconds: resultTtlSeconds ?? defaultTtlSeconds,
    ...(tenant.allowedBuckets && { allowedBuckets: [...tenant.allowedBuckets] }),
  };
  const { allowedBuckets, ...asked } = plan;
  const bodyHash = () => identityDigest({ ...asked, options: askedOptions(plan.options) }, items);
  return { plan, items, bodyHash };
}

function sourceOf(request: BatchRequest): BatchPlan["source"] {
  if ("items" in request) return { items: request.items.length };
  return "manifest" in request ? { manifest: request.manifest } : { prefix: request.prefix };
}
