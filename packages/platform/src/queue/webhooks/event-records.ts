import type {
  OutboxEvent,
  TraceContext,
  WebhookAttempt,
  WebhookAttempts,
  WebhookProgress,
  WebhookState,
} from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { webhookBody } from "../../webhooks/webhook-body.js";
import { keptKeys, ledger, overhead } from "../ledger/ledger.js";
import { memberOf, type QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";

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
 * KEYS: record, undelivered events, what ends by itself, then those of the ledger. ARGV: now, to be kept for, how long the
 * subject is kept from now on, id, when it happened, member of the third, tenant, then the record's fields.
 * That it expires now may be there already: the job was erased before this.
 */
const accept = new RedisScript<number>(`${ledger}
if redis.call("HEXISTS", KEYS[1], "body") == 1 then return 0 end
redis.call("HSET", KEYS[1], "state", "pending", "round", "0", "tries", "0", "attempts", "0", "since", ARGV[1],
  "nextAttemptAt", "0", unpack(ARGV, 8))
local time = redis.call("TIME")
redis.call("HSETNX", KEYS[1], "expiresAt", string.format("%.0f", time[1] * 1000 + ARGV[3]))
redis.call("ZADD", KEYS[2], ARGV[5], ARGV[4])
redis.call("ZADD", KEYS[3], string.format("%.0f", time[1] * 1000 + ARGV[2]), ARGV[6])
local bytes = ${overhead.event}
for at = 8, #ARGV do bytes = bytes + #ARGV[at] end
takes({KEYS[4], KEYS[5]}, ARGV[4], bytes, ARGV[7])
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`);

/**
 * Writes down an attempt, and what is to become of the event unless it was asked to be sent again meanwhile. What is
 * over is kept as long as its subject. Told of an attempt again, because the answer was lost, it changes nothing.
 * KEYS: record, attempts, whether the receiver is disabled, undelivered events, what ends by itself, then those of the
 * ledger. ARGV: round, state, when next, attempt or "", how many attempts are kept, to be kept for, disabled for, id, its
 * member of the fifth, that of the disabled receiver, tenant.
 */
const note = new RedisScript<number>(`${ledger}
local record, attempts, disabled, undelivered, ended = unpack(KEYS)
local round, state, nextAttemptAt, attempt, most, kept, disabledFor, id, member, receiver, tenant = unpack(ARGV)
local time = redis.call("TIME")
if redis.call("HEXISTS", record, "body") == 0 then
  redis.call("ZREM", undelivered, id)
  return 0
end
if attempt ~= "" and redis.call("LINDEX", attempts, -1) == attempt then return 1 end
if attempt ~= "" then
  redis.call("RPUSH", attempts, attempt)
  redis.call("LTRIM", attempts, -most, -1)
  redis.call("PEXPIRE", attempts, kept)
  redis.call("HINCRBY", record, "attempts", 1)
  if state == "disabled" then
    redis.call("SET", disabled, "1", "PX", disabledFor)
    redis.call("ZADD", ended, string.format("%.0f", time[1] * 1000 + disabledFor), receiver)
    takes({KEYS[6], KEYS[7]}, string.match(receiver, "/(.+)$"), ${overhead.disabledReceiver}, tenant)
  end
  if state == "delivered" then redis.call("DEL", disabled) end
end
if redis.call("HGET", record, "round") ~= round then return 0 end
if attempt ~= "" then redis.call("HINCRBY", record, "tries", 1) end
redis.call("HSET", record, "state", state, "nextAttemptAt", nextAttemptAt)
if state ~= "pending" then
  redis.call("ZREM", undelivered, id)
  local expiresAt = redis.call("HGET", record, "expiresAt")
  redis.call("PEXPIREAT", record, expiresAt)
  redis.call("PEXPIREAT", attempts, expiresAt)
  redis.call("ZADD", ended, expiresAt, member)
end
return 1`);

/** KEYS: record, attempts, outbox, undelivered events, what ends by itself. ARGV: id, now, to be kept for. */
const resend = new RedisScript<number>(`
local record, attempts, outbox, undelivered, ended = unpack(KEYS)
local id, now, kept = unpack(ARGV)
if redis.call("HEXISTS", record, "body") == 0 then return 0 end
redis.call("ZADD", ended, string.format("%.0f", now + kept), redis.call("HGET", record, "tenant") .. "/" .. id)
local round = redis.call("HINCRBY", record, "round", 1)
redis.call("HSET", record, "state", "pending", "tries", "0", "since", now, "nextAttemptAt", "0")
redis.call("ZADD", undelivered, now, id)
redis.call("PEXPIRE", record, kept)
redis.call("PEXPIRE", attempts, kept)
redis.call("RPUSH", outbox, cjson.encode({kind = "resend", id = id, round = round}))
return round`);

/**
 * A Lua function that erases what is known of an event with its subject, once it is delivered. Takes its id, if there
 * is one, the prefix of events, how long an event may take in ms, and the keys of the ledger, whose functions it needs.
 */
export const eraseEvent = `
local function eraseEvent(eventId, prefix, kept, ofLedger)
  if not eventId then return end
  local event = prefix .. eventId
  local state = redis.call("HGET", event, "state")
  if state and state ~= "pending" then
    redis.call("DEL", event, event .. ":attempts")
    takes(ofLedger, eventId, 0)
  else
    redis.call("HSET", event, "expiresAt", "0")
    redis.call("PEXPIRE", event, kept)
  end
end
`;

/** What is known of each event: what is sent where, how often it was, and how that went. */
export class EventRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  /** Takes an event out of the outbox over. Idempotent. */
  async accept(event: OutboxEvent): Promise<void> {
    const { tenant, url, data, expiresAt, trace, requestId } = event;
    // Both times are by the clock of whoever wrote them, which may be wrong.
    const subjectMs = expiresAt === undefined ? keptMs : Date.parse(expiresAt) - Date.parse(event.createdAt) + slackMs;
    const fields = ["tenant", tenant, "url", url, "subject", data.id, "body", webhookBody(event)];
    if (trace) fields.push("trace", JSON.stringify(trace));
    if (requestId !== undefined) fields.push("requestId", requestId);
    const happened = Date.parse(event.createdAt);
    const keys = [this.keys.event(event.id), this.keys.undelivered, this.keys.ended, ...keptKeys(this.keys)];
    const place = [event.id, happened, memberOf(tenant, event.id), tenant];
    await accept.run(this.redis, keys, [Date.now(), keptMs, subjectMs, ...place, ...fields]);
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
    const progress = [round, state, nextAttemptAt, attempt ? JSON.stringify(attempt) : ""];
    const members = [memberOf(tenant, id), memberOf(tenant, disabled)];
    await note.run(
      this.redis,
      [keys.event(id), keys.eventAttempts(id), disabled, keys.undelivered, keys.ended, ...keptKeys(keys)],
      [...progress, mostAttempts, keptMs, disabledMs, id, ...members, tenant],
    );
  }

  /** Queues the event for another round. One that is still in the outbox is about to be sent anyway. */
  async resend(id: string): Promise<void> {
    const { keys } = this;
    await resend.run(
      this.redis,
      [keys.event(id), keys.eventAttempts(id), keys.outbox, keys.undelivered, keys.ended],
      [id, Date.now(), keptMs],
    );
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
