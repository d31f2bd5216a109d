import { type BatchItem, type BatchRequest, type DetectorName, ProblemError } from "@facefleet/contracts";
import type { BatchPlan } from "@facefleet/platform";
import { askedOptions, completeOptions, expectFitting } from "../jobs/job-command.js";
import { identityDigest } from "../jobs/request-identity.js";
import type { Tenant } from "../tenancy/tenant.js";
import { shown } from "../wire/expectation.js";

/** A checked request for a batch, complete with every default. */
export interface BatchCommand {
  readonly plan: BatchPlan;
  /** Those that came with the request. */
  readonly items: readonly BatchItem[];
  /** The same for two requests that ask for the same. */
  bodyHash(): string;
}

/** @throws ProblemError `invalid_request`, also for listed items with the same id */
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
  assertIdsDiffer(items);
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

function assertIdsDiffer(items: readonly BatchItem[]): void {
  const places = new Map<string, number>();
  for (const [place, item] of items.entries()) {
    const id = "image" in item ? item.id : undefined;
    if (id === undefined) continue;
    const earlier = places.get(id);
    if (earlier !== undefined) throw sameId(place, earlier, id);
    places.set(id, place);
  }
}

function sameId(place: number, earlier: number, id: string): ProblemError {
  const path = `/items/${place}/id`;
  const message = `Expected ids that differ for the items but received ${shown(id)} for ${path} and /items/${earlier}/id`;
  return new ProblemError("invalid_request", message, { extras: { errors: [{ path, message }] } });
}
