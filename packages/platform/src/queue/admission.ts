import { type FaceJobPayload, type FacePriority, ProblemError, queueCatalogue } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { FaceQueue } from "./face-queue.js";
import type { QueueKeys } from "./queue-keys.js";
import { RedisScript } from "./redis-script.js";

export interface Applicant {
  readonly id: string;
  readonly payload: FaceJobPayload;
  readonly priority: FacePriority;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** How many jobs of the tenant may be queued or active at once; without it, any number. */
  readonly maxQueuedJobs: number | undefined;
}

/** How many jobs of one tenant pass before it is the next tenant's turn: about one batch. */
const jobsPerTurn = 16;
/** BullMQ's score of a waiting job: its number times this, plus a counter. */
const scoreUnit = 2 ** 32;

/**
 * Among the turns, the field "*" is the number at the head when last looked at, "+" the furthest place given.
 * KEYS: live, jobs, tenants, turns of the band, BullMQ's waiting jobs.
 * ARGV: tenant, id, created at, quota or "", listed or "", first and last number of the band, jobs a turn.
 */
const admit = new RedisScript<number>(`
local live, jobs, tenants, turns, waiting = unpack(KEYS)
local tenant, id, createdAt, quota, listed, first, last, perTurn = unpack(ARGV)
if quota ~= "" and redis.call("ZCARD", live) >= tonumber(quota) and not redis.call("ZSCORE", live, id) then return -1 end
redis.call("ZADD", live, createdAt, id)
if listed ~= "" then redis.call("ZADD", jobs, createdAt, id) end
redis.call("SADD", tenants, tenant)

local unit = ${scoreUnit}
local low, high = string.format("%.0f", first * unit), string.format("(%.0f", (last + 1) * unit)
local waitingFirst = redis.call("ZRANGEBYSCORE", waiting, low, high, "WITHSCORES", "LIMIT", 0, 1)[2]
local seen, furthest, before = unpack(redis.call("HMGET", turns, "*", "+", tenant))
local head, furthest, start = tonumber(seen or first), tonumber(furthest or 0)
if waitingFirst then
  head = math.max(head, math.floor(tonumber(waitingFirst) / unit))
  start = head * perTurn
elseif furthest * 2 > (first + last) * perTurn then
  redis.call("DEL", turns)
  head, furthest, start, before = tonumber(first), 0, first * perTurn, false
else
  start = math.max(head * perTurn, furthest)
end
local place = math.min(math.max(start, tonumber(before or 0) + 1), last * perTurn)
local function text(number) return string.format("%d", number) end
redis.call("HSET", turns, "*", text(head), "+", text(math.max(furthest, place)), tenant, text(place))
return math.floor(place / perTurn)`);

/**
 * Lets jobs into the queue: within their tenant's quota, and each with a number that lets tenants take turns
 * (start-time fair queueing, Goyal, Vin and Cheng 1996): a tenant that has nothing waiting starts at the head of
 * its band, or at the furthest place when nobody has; each further turn of the same tenant is one number later.
 */
export class Admission {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly queue: FaceQueue,
  ) {}

  /**
   * Enters a job among those of its tenant. Returns the number that it is to be queued with.
   * @throws ProblemError `too_many_jobs`
   */
  async admit({ id, payload, priority, createdAt, maxQueuedJobs }: Applicant): Promise<number> {
    const { keys } = this;
    const { tenant, batch } = payload;
    const { first, last } = queueCatalogue.faces.priorities[priority];
    const number = await admit.run(
      this.redis,
      [keys.live(tenant), keys.jobs(tenant), keys.tenants, keys.turns(priority), this.queue.toKey("prioritized")],
      // A batch's items are found through their batch.
      [tenant, id, createdAt, maxQueuedJobs ?? "", batch ? "" : "1", first, last, jobsPerTurn],
    );
    if (number === -1) {
      throw new ProblemError("too_many_jobs", `Expected fewer than ${maxQueuedJobs} jobs that have not ended.`);
    }
    return number;
  }
}

/** The priority of a job with this number. */
export function priorityOf(number: number): FacePriority {
  const bands = Object.entries(queueCatalogue.faces.priorities);
  const [name] = bands.find(([, { last }]) => number <= last) ?? ["low"];
  return name as FacePriority;
}
