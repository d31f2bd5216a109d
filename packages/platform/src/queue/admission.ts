import { type FaceJobPayload, type FacePriority, ProblemError, queueCatalogue } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { FaceQueue } from "./face-queue.js";
import type { QueuedTrace } from "./job-trace.js";
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
  readonly trace?: QueuedTrace | undefined;
}

/** What jobs that are admitted together have in common. */
export interface ApplicantKind extends Pick<Applicant, "priority" | "maxQueuedJobs"> {
  readonly payload: Pick<FaceJobPayload, "tenant" | "batch">;
}

/** How many jobs of one tenant pass before it is the next tenant's turn: about one batch. */
const jobsPerTurn = 16;

/**
 * A Lua function for scripts that begin with the keys and arguments of `admissionOf`: `admit` enters jobs, which are
 * {created at, id, created at, id ...}, among those of their tenant and gives the number of each, -1 for one past
 * the quota. Among the turns, the field "*" is the number at the head when last looked at, "+" the furthest place
 * given. BullMQ's score of a waiting job is its number times 2^32, plus a counter.
 */
export const admit = `
local live, jobs, tenants, turns, waiting = unpack(KEYS)
local tenant, quota, listed, first, last, perTurn = unpack(ARGV)
local scoreUnit = 2 ^ 32

local function nextPlace()
  local low, high = string.format("%.0f", first * scoreUnit), string.format("(%.0f", (last + 1) * scoreUnit)
  local waitingFirst = redis.call("ZRANGEBYSCORE", waiting, low, high, "WITHSCORES", "LIMIT", 0, 1)[2]
  local seen, furthest, before = unpack(redis.call("HMGET", turns, "*", "+", tenant))
  local head, furthest, start = tonumber(seen or first), tonumber(furthest or 0)
  if waitingFirst then
    head = math.max(head, math.floor(tonumber(waitingFirst) / scoreUnit))
    start = head * perTurn
  elseif furthest * 2 > (first + last) * perTurn then
    redis.call("DEL", turns)
    head, furthest, start, before = tonumber(first), 0, first * perTurn, false
  else
    start = math.max(head * perTurn, furthest)
  end
  return math.max(start, tonumber(before or 0) + 1), head, furthest
end

local function admit(applicants)
  local numbers, entered = {}, {}
  local free = quota ~= "" and tonumber(quota) - redis.call("ZCARD", live)
  for index = 1, #applicants, 2 do
    local isNew = free and not redis.call("ZSCORE", live, applicants[index + 1])
    local isRefused = isNew and free < 1
    if isNew and not isRefused then free = free - 1 end
    if not isRefused then
      entered[#entered + 1] = applicants[index]
      entered[#entered + 1] = applicants[index + 1]
    end
    numbers[#numbers + 1] = isRefused and -1 or 0
  end
  if #entered == 0 then return numbers end
  redis.call("ZADD", live, unpack(entered))
  if listed ~= "" then redis.call("ZADD", jobs, unpack(entered)) end
  redis.call("SADD", tenants, tenant)

  local next, head, furthest = nextPlace()
  local place = next
  for index, number in ipairs(numbers) do
    if number == 0 then
      place = math.min(next, last * perTurn)
      numbers[index] = math.floor(place / perTurn)
      next = place + 1
    end
  end
  local function text(number) return string.format("%d", number) end
  redis.call("HSET", turns, "*", text(head), "+", text(math.max(furthest, place)), tenant, text(place))
  return numbers
end
`;

const admitOne = new RedisScript<number>(`${admit} return admit({ARGV[7], ARGV[8]})[1]`);

/** The keys and arguments that `admit` reads, for jobs of one tenant and priority. */
export function admissionOf(
  { payload: { tenant, batch }, priority, maxQueuedJobs }: ApplicantKind,
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: string[]; args: (string | number)[] } {
  const { first, last } = queueCatalogue.faces.priorities[priority];
  return {
    keys: [
      keys.liveOf({ tenant, batch }),
      keys.jobs(tenant),
      keys.tenants,
      keys.turns(priority),
      queue.toKey("prioritized"),
    ],
    // A batch's items are found through their batch.
    args: [tenant, maxQueuedJobs ?? "", batch ? "" : "1", first, last, jobsPerTurn],
  };
}

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
   * Enters a job that BullMQ has already among those of its tenant. Returns the number that it is to be queued with.
   * @throws ProblemError `too_many_jobs`
   */
  async admit(applicant: Applicant): Promise<number> {
    const { keys, args } = admissionOf(applicant, this.keys, this.queue);
    const number = await admitOne.run(this.redis, keys, [...args, applicant.createdAt, applicant.id]);
    if (number === -1) throw tooManyJobs(applicant);
    return number;
  }
}

export function tooManyJobs({ maxQueuedJobs }: Applicant): ProblemError {
  return new ProblemError("too_many_jobs", `Expected fewer than ${maxQueuedJobs} jobs that have not ended.`);
}

/** The priority of a job with this number. */
export function priorityOf(number: number): FacePriority {
  const bands = Object.entries(queueCatalogue.faces.priorities);
  const [name] = bands.find(([, { last }]) => number <= last) ?? ["low"];
  return name as FacePriority;
}
