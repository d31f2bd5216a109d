import type {
  OutboxEvent,
  TraceContext,
  WebhookAttempt,
  WebhookAttempts,
  WebhookProgress,
  WebhookState,
} from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead } from "../ledger/ledger.js";
import { memberOf, type QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, clock, part, script } from "../redis/script.js";
import { webhookBody } from "./webhook-body.js";

/** An event on its way to its receiver. */
export interface EventRecord {
  readonly id: string;
  /** The job or the batch. */
  readonly subject: string;
  readonly tenant: string;
  readonly url: string;
  /** What is sent, the same bytes each time. */
  readonly body: string;
  readonly state: WebhookState;
  /** 0 at first; each resend is another. */
  readonly round: number;
  /** How often it has been sent in this round. */
  readonly tries: number;
  /** When the round began, in milliseconds since 1970. */
  readonly since: number;
  /** When it is to be sent, not before; 0: at once. */
  readonly nextAttemptAt: number;
  /** The trace that its attempts belong to. */
  readonly trace?: TraceContext;
  /** Of the request that submitted the job or the batch. */
  readonly requestId?: string;
}

/** What has become of an event. */
export interface Progress {
  readonly state: WebhookState;
  readonly attempt?: WebhookAttempt;
  /** Milliseconds since 1970. */
  readonly nextAttemptAt?: number;
}

/** An event that is not delivered by then is forgotten: longer than any outcome is kept, or any round lasts. */
export const keptMs = 8 * 24 * 3600 * 1000;
/** How long nothing new is sent to a receiver that answered 410. */
const disabledMs = 7 * 24 * 3600 * 1000;
const mostAttempts = 100;
/** Kept a little longer than its job. */
const slackMs = 60_000;

/**
 * `fields`: names and values of the record, in turn; `member`: its name among what ends by itself; `subjectMs`: how long its
 * subject is kept from now on. That it expires now may be there already: the job was erased before this.
 */
const accept = script(
  {
    keys: { record: "key", undelivered: "key", ended: "key", kept: ledgerKeys },
    args: {
      id: "text",
      tenant: "text",
      since: "number",
      happenedAt: "number",
      subjectMs: "number",
      member: "text",
      fields: ["text"],
    },
    uses: [ledger, clock],
  },
  `
if redis.call("HEXISTS", record, "body") == 1 then return 0 end
redis.call("HSET", record, "state", "pending", "round", "0", "tries", "0", "attempts", "0", "since", since,
  "nextAttemptAt", "0", unpack(fields))
redis.call("HSETNX", record, "expiresAt", whole(now() + subjectMs))
redis.call("ZADD", undelivered, happenedAt, id)
redis.call("ZADD", ended, whole(now() + ${keptMs}), member)
local bytes = ${overhead.event}
for _, text in ipairs(fields) do bytes = bytes + #text end
takes(kept, id, bytes, tenant)
return redis.call("PEXPIRE", record, ${keptMs})`,
);

/**
 * Writes down an attempt, and what is to become of the event unless it was asked to be sent again meanwhile. What is
 * over is kept as long as its subject. Told of an attempt again, because the answer was lost, it changes nothing.
 * `member`: its name among what ends by itself; `receiver`: that of the disabled receiver, there and on the ledger.
 */
const note = script(
  {
    keys: {
      record: "key",
      attempts: "key",
      disabled: "key",
      undelivered: "key",
      ended: "key",
      kept: ledgerKeys,
    },
    args: {
      id: "text",
      tenant: "text",
      round: "text",
      state: "text",
      nextAttemptAt: "number",
      attempt: "text?",
      member: "text",
      receiver: "text",
    },
    uses: [ledger, clock],
  },
  `
if redis.call("HEXISTS", record, "body") == 0 then
  redis.call("ZREM", undelivered, id)
  return 0
end
if attempt and redis.call("LINDEX", attempts, -1) == attempt then return 1 end
if attempt then
  redis.call("RPUSH", attempts, attempt)
  redis.call("LTRIM", attempts, -${mostAttempts}, -1)
  redis.call("PEXPIRE", attempts, ${keptMs})
  redis.call("HINCRBY", record, "attempts", 1)
  if state == "disabled" then
    redis.call("SET", disabled, "1", "PX", ${disabledMs})
    redis.call("ZADD", ended, whole(now() + ${disabledMs}), tenant .. "/" .. receiver)
    takes(kept, receiver, ${overhead.disabledReceiver}, tenant)
  end
  if state == "delivered" then redis.call("DEL", disabled) end
end
if redis.call("HGET", record, "round") ~= round then return 0 end
if attempt then redis.call("HINCRBY", record, "tries", 1) end
redis.call("HSET", record, "state", state, "nextAttemptAt", nextAttemptAt)
if state ~= "pending" then
  redis.call("ZREM", undelivered, id)
  local expiresAt = redis.call("HGET", record, "expiresAt")
  redis.call("PEXPIREAT", record, expiresAt)
  redis.call("PEXPIREAT", attempts, expiresAt)
  redis.call("ZADD", ended, expiresAt, member)
end
return 1`,
);

const resend = script(
  {
    keys: { record: "key", attempts: "key", outbox: "key", undelivered: "key", ended: "key" },
    args: { id: "text", since: "number" },
  },
  `
if redis.call("HEXISTS", record, "body") == 0 then return 0 end
local member = redis.call("HGET", record, "tenant") .. "/" .. id
redis.call("ZADD", ended, string.format("%.0f", since + ${keptMs}), member)
local round = redis.call("HINCRBY", record, "round", 1)
redis.call("HSET", record, "state", "pending", "tries", "0", "since", since, "nextAttemptAt", "0")
redis.call("ZADD", undelivered, since, id)
redis.call("PEXPIRE", record, ${keptMs})
redis.call("PEXPIRE", attempts, ${keptMs})
redis.call("RPUSH", outbox, cjson.encode({kind = "resend", id = id, round = round}))
return round`,
);

/** A Lua function that erases what is known of an event with its subject, once it is delivered. Takes its id, if there is one. */
export const eventErasure = part(
  { keys: { kept: ledgerKeys }, args: { eventsPrefix: "text" }, uses: [ledger] },
  `
local function eraseEvent(eventId)
  if not eventId then return end
  local event = eventsPrefix .. eventId
  local state = redis.call("HGET", event, "state")
  if state and state ~= "pending" then
    redis.call("DEL", event, event .. ":attempts")
    takes(kept, eventId, 0)
  else
    redis.call("HSET", event, "expiresAt", "0")
    redis.call("PEXPIRE", event, ${keptMs})
  end
end`,
);

/** The arguments of `eventErasure`. */
export function eventErasureOf(keys: QueueKeys): ArgumentsOf<typeof eventErasure> {
  return { eventsPrefix: keys.event("") };
}

/** What is known of each event: what is sent where, how often it was, and how that went. */
export class EventRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  /**
   * Takes an event out of the outbox over. Idempotent.
   *
   * @param publicBase what the links of the event begin with
   */
  async accept(event: OutboxEvent, publicBase?: string): Promise<void> {
    const { tenant, url, data, expiresAt, trace, requestId } = event;
    // Both times are by the clock of whoever wrote them, which may be wrong.
    const subjectMs = expiresAt === undefined ? keptMs : Date.parse(expiresAt) - Date.parse(event.createdAt) + slackMs;
    const fields = ["tenant", tenant, "url", url, "subject", data.id, "body", webhookBody(event, publicBase)];
    if (trace) fields.push("trace", JSON.stringify(trace));
    if (requestId !== undefined) fields.push("requestId", requestId);
    const { undelivered, ended } = this.keys;
    const keys = { record: this.keys.event(event.id), undelivered, ended, kept: keptKeys(this.keys) };
    await accept.run(this.redis, keys, {
      id: event.id,
      tenant,
      since: Date.now(),
      happenedAt: Date.parse(event.createdAt),
      subjectMs,
      member: memberOf(tenant, event.id),
      fields,
    });
  }

  /** Undefined once it has been forgotten. */
  async find(id: string): Promise<EventRecord | undefined> {
    const record = await this.redis.hgetall(this.keys.event(id));
    const { subject, tenant, url, body, state, trace, requestId } = record;
    if (body === undefined) return undefined;
    const [round, tries, since, nextAttemptAt] = ["round", "tries", "since", "nextAttemptAt"].map((name) =>
      Number(record[name]),
    ) as [number, number, number, number];
    const texts = { subject, tenant, url, body, state } as Texts;
    const origin = { ...(trace && { trace: JSON.parse(trace) }), ...(requestId !== undefined && { requestId }) };
    return { id, round, tries, since, nextAttemptAt, ...texts, ...origin };
  }

  /** Whether the receiver does not want to hear anything any more. */
  async isDisabled({ tenant, url }: Pick<EventRecord, "tenant" | "url">): Promise<boolean> {
    return (await this.redis.exists(this.keys.disabledReceiver(tenant, url))) === 1;
  }

  async note({ id, tenant, url, round }: EventRecord, { state, attempt, nextAttemptAt = 0 }: Progress): Promise<void> {
    const { keys } = this;
    const disabled = keys.disabledReceiver(tenant, url);
    const places = {
      record: keys.event(id),
      attempts: keys.eventAttempts(id),
      disabled,
      undelivered: keys.undelivered,
      ended: keys.ended,
      kept: keptKeys(keys),
    };
    await note.run(this.redis, places, {
      id,
      tenant,
      round: `${round}`,
      state,
      nextAttemptAt,
      attempt: attempt && JSON.stringify(attempt),
      member: memberOf(tenant, id),
      receiver: disabled,
    });
  }

  /** Queues the event for another round. One that is still in the outbox is about to be sent anyway. */
  async resend(id: string): Promise<void> {
    const { outbox, undelivered, ended } = this.keys;
    const record = { record: this.keys.event(id), attempts: this.keys.eventAttempts(id) };
    await resend.run(this.redis, { ...record, outbox, undelivered, ended }, { id, since: Date.now() });
  }

  /** How far an event has come that has been announced. */
  async progress(id: string): Promise<WebhookProgress> {
    const [state, attempts] = await this.redis.hmget(this.keys.event(id), "state", "attempts");
    return { state: (state as WebhookState | null) ?? "pending", attempts: Number(attempts ?? 0) };
  }

  async attempts(id: string): Promise<WebhookAttempts> {
    const [{ state }, attempts] = await Promise.all([
      this.progress(id),
      this.redis.lrange(this.keys.eventAttempts(id), 0, -1),
    ]);
    return { id, state, attempts: attempts.map((attempt) => JSON.parse(attempt) as WebhookAttempt) };
  }
}

type Texts = Pick<EventRecord, "subject" | "tenant" | "url" | "body" | "state">;
