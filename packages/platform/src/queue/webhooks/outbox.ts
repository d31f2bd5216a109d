import { randomBytes } from "node:crypto";
import type { OutboxEvent, TraceContext } from "@facefleet/contracts";
import { keptKeys, ledger, ledgerKeys, overhead } from "../ledger/ledger.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, type KeysOf, part } from "../redis/script.js";

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

/** Where the job or the batch came from, as its event says it. */
export function announcedFrom({
  trace,
  requestId,
}: {
  readonly trace?: TraceContext | undefined;
  readonly requestId?: string | undefined;
}) {
  return { ...(trace && { trace }), ...(requestId !== undefined && { requestId }) };
}
