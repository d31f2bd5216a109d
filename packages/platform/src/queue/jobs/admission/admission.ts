import { type FaceJobPayload, type FacePriority, queueCatalogue } from "@facefleet/contracts";
import { keptKeys, ledger, ledgerKeys, storedKeys } from "../../ledger/ledger.js";
import { bytesOf, type Quotas, refusals } from "../../ledger/quotas.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { type ArgumentsOf, type KeysOf, part } from "../../redis/script.js";
import type { FaceQueue } from "../job/face-queue.js";
import type { Origin, QueuedTrace } from "../job/job-trace.js";

export interface Applicant extends Quotas, Origin<QueuedTrace> {
  readonly id: string;
  readonly payload: FaceJobPayload;
  readonly priority: FacePriority;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** What jobs that are admitted together have in common. */
export interface ApplicantKind extends Quotas, Pick<Applicant, "priority"> {
  readonly payload: Pick<FaceJobPayload, "tenant" | "batch">;
}

/** How many jobs of one tenant pass before it is the next tenant's turn: about one batch. */
const jobsPerTurn = 16;

/** BullMQ's score of a waiting job is its number times this, plus a counter. */
export const scoreUnit = part({}, "local scoreUnit = 2 ^ 32");

/**
 * A Lua function: `admit` enters jobs, of one tenant and priority, among those of their tenant, and what they take on the
 * ledger of what it has in Redis. It takes a list of {createdAt, id, thing, bytes}, and gives the number of each, or why it
 * is refused: within the tenant's quota, and each with a number that lets tenants take turns (start-time fair queueing,
 * Goyal, Vin and Cheng 1996): a tenant that has nothing waiting starts at the head of its band, or at the furthest place
 * when nobody has; each further turn of the same tenant is one number later. Among the turns, the field "*" is the number
 * at the head when last looked at, "+" the furthest place given.
 */
export const admission = part(
  {
    keys: {
      live: "key",
      jobs: "key",
      tenants: "key",
      turns: "key",
      waiting: "key",
      kept: ledgerKeys,
      stored: ledgerKeys,
    },
    args: {
      tenant: "text",
      maxJobs: "number?",
      maxKeptBytes: "number?",
      maxStoredBytes: "number?",
      isListed: "flag",
      firstNumber: "number",
      lastNumber: "number",
      jobsPerTurn: "number",
    },
    uses: [ledger, scoreUnit],
  },
  `
local function nextPlace()
  local low, high = string.format("%.0f", firstNumber * scoreUnit), string.format("(%.0f", (lastNumber + 1) * scoreUnit)
  local waitingFirst = redis.call("ZRANGEBYSCORE", waiting, low, high, "WITHSCORES", "LIMIT", 0, 1)[2]
  local seen, given, before = unpack(redis.call("HMGET", turns, "*", "+", tenant))
  local head, furthest = tonumber(seen or firstNumber), tonumber(given or 0)
  local start
  if waitingFirst then
    head = math.max(head, math.floor(tonumber(waitingFirst) / scoreUnit))
    start = head * jobsPerTurn
  elseif furthest * 2 > (firstNumber + lastNumber) * jobsPerTurn then
    redis.call("DEL", turns)
    head, furthest, start, before = firstNumber, 0, firstNumber * jobsPerTurn, false
  else
    start = math.max(head * jobsPerTurn, furthest)
  end
  return math.max(start, tonumber(before or 0) + 1), head, furthest
end

-- How many more jobs and bytes the tenant may have; nil for any.
local freeJobs = maxJobs and maxJobs - redis.call("ZCARD", live)
local freeBytes = maxKeptBytes and maxKeptBytes - sumOf(kept, tenant)
local isStoreFull = maxStoredBytes and sumOf(stored, tenant) > maxStoredBytes

local function refusal(job)
  local isNew = freeJobs and not redis.call("ZSCORE", live, job.id)
  if isNew and freeJobs < 1 then return ${refusals.tooManyJobs} end
  if freeBytes and freeBytes < job.bytes then return ${refusals.tooMuchKept} end
  if isStoreFull then return ${refusals.tooMuchStored} end
  if isNew then freeJobs = freeJobs - 1 end
  if freeBytes then freeBytes = freeBytes - job.bytes end
end

local function admit(applicants)
  local numbers, entered, taken = {}, {}, {}
  for index, job in ipairs(applicants) do
    local refused = refusal(job)
    if not refused then
      entered[#entered + 1] = job.createdAt
      entered[#entered + 1] = job.id
      taken[#taken + 1] = job
    end
    numbers[index] = refused or 0
  end
  if #entered == 0 then return numbers end
  eachTakesMore(kept, taken, tenant)
  redis.call("ZADD", live, unpack(entered))
  if isListed then redis.call("ZADD", jobs, unpack(entered)) end
  redis.call("SADD", tenants, tenant)

  local next, head, furthest = nextPlace()
  local place = next
  for index, number in ipairs(numbers) do
    if number == 0 then
      place = math.min(next, lastNumber * jobsPerTurn)
      numbers[index] = math.floor(place / jobsPerTurn)
      next = place + 1
    end
  end
  local function text(number) return string.format("%d", number) end
  redis.call("HSET", turns, "*", text(head), "+", text(math.max(furthest, place)), tenant, text(place))
  return numbers
end`,
);

/** The keys and arguments of `admission`, for jobs of one tenant and priority. */
export function admissionOf(
  { payload: { tenant, batch }, priority, ...quotas }: ApplicantKind,
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: KeysOf<typeof admission>; args: ArgumentsOf<typeof admission> } {
  const { first, last } = queueCatalogue.faces.priorities[priority];
  return {
    keys: {
      live: keys.liveOf({ tenant, batch }),
      jobs: keys.jobs(tenant),
      tenants: keys.tenants,
      turns: keys.turns(priority),
      waiting: queue.toKey("prioritized"),
      kept: keptKeys(keys),
      stored: storedKeys(keys),
    },
    args: {
      tenant,
      maxJobs: quotas.maxQueuedJobs,
      maxKeptBytes: bytesOf(quotas.maxKeptBytes),
      maxStoredBytes: bytesOf(quotas.maxStoredBytes),
      // A batch's items are found through their batch.
      isListed: batch === undefined,
      firstNumber: first,
      lastNumber: last,
      jobsPerTurn,
    },
  };
}

/** The priority of a job with this number. */
export function priorityOf(number: number): FacePriority {
  const bands = Object.entries(queueCatalogue.faces.priorities);
  const [name] = bands.find(([, { last }]) => number <= last) ?? ["low"];
  return name as FacePriority;
}
