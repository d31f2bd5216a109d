import { randomBytes } from "node:crypto";
import type { Batch, FaceJobPayload, Job, OutboxEvent } from "@facefleet/contracts";
import type { BatchPlan } from "./batches/batch-record.js";
import type { Origin } from "./job-trace.js";
import { tenantOf } from "./job-view.js";
import { keptKeys, ledger, ledgerKeys, overhead } from "./ledger/ledger.js";
import type { QueueKeys } from "./queue-keys.js";
import { type ArgumentsOf, type KeysOf, part } from "./script.js";

type JobEvent = Extract<OutboxEvent, { kind: "job" }>;
type BatchEvent = Extract<OutboxEvent, { kind: "batch" }>;

/** What every receiver knows an event by. */
export function newEventId(): string {
  return `e${randomBytes(16).toString("hex")}`;
}

/**
 * A Lua function that leaves the event of an end, if there is one, in the outbox, for the step that ends it. `subject`: the
 * key of what has ended.
 */
export const announcing = part(
  { keys: { outbox: "key", kept: ledgerKeys }, args: { event: "text?", eventId: "text?" }, uses: [ledger] },
  `
local function announce(subject, owner)
  if not event then return end
  redis.call("RPUSH", outbox, event)
  redis.call("HSET", subject, "event", eventId)
  takes(kept, eventId, #event + ${overhead.event}, owner)
end`,
);

/** The keys and arguments of `announcing`. */
export function announcementOf(
  event: OutboxEvent | undefined,
  keys: QueueKeys,
): { keys: KeysOf<typeof announcing>; args: ArgumentsOf<typeof announcing> } {
  return {
    keys: { outbox: keys.outbox, kept: keptKeys(keys) },
    args: { event: event && JSON.stringify(event), eventId: event?.id },
  };
}

/** The event of a job's end; undefined when nobody asked for it. */
export function endEvent(job: Job, payload: FaceJobPayload, origin: Origin = {}): JobEvent | undefined {
  const { id, task, state, metadata, links, result, expiresAt } = job;
  if (!payload.webhook || state === "queued" || state === "active") return undefined;
  return {
    kind: "job",
    id: newEventId(),
    tenant: tenantOf(payload),
    url: payload.webhook.url,
    createdAt: job.finishedAt ?? new Date().toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
    ...announcedFrom(origin),
    data: { id, task, state, faces: result?.faces.length ?? 0, ...(metadata && { metadata }), links },
  };
}

/** The same for the end of a batch. */
export function batchEvent(batch: Batch, { tenant, webhook, ...origin }: BatchPlan): BatchEvent | undefined {
  const { id, task, state, counts, metadata, links, expiresAt } = batch;
  if (!webhook || state === "queued" || state === "active") return undefined;
  return {
    kind: "batch",
    id: newEventId(),
    tenant,
    url: webhook.url,
    createdAt: batch.finishedAt ?? new Date().toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
    ...announcedFrom(origin),
    data: { id, task, state, counts, ...(metadata && { metadata }), links },
  };
}

function announcedFrom({ trace, requestId }: Origin) {
  return { ...(trace && { trace }), ...(requestId !== undefined && { requestId }) };
}
