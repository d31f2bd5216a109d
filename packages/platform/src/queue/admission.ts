import { type FaceJobPayload, type FacePriority, ProblemError, queueCatalogue } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { FaceQueue } from "./face-queue.js";
import type { Origin, QueuedTrace } from "./job-trace.js";
import { keptKeys, ledger, storedKeys, sumOf } from "./ledger/ledger.js";
import type { QueueKeys } from "./queue-keys.js";
import { RedisScript } from "./redis-script.js";

/** What a tenant may have at once. */
export interface Quotas {
  /** How many jobs may be queued or active; without it, any number. */
  readonly maxQueuedJobs?: number | undefined;
  /** How many bytes it may have in Redis; without it, any number. */
  readonly maxKeptBytes?: number | undefined;
  /** How many bytes it may have in the object store; without it, any number. */
  readonly maxStoredBytes?: number | undefined;
}

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

/** Why a job is not admitted, as scripts say it. */
export const refusals = {
  tooManyJobs: -1,
  tooMuchKept: -2,
  tooMuchStored: -3,
  tooManyUploads: -4,
  uploadDoomed: -5,
} as const;

/**
 * A Lua function for scripts that begin with the keys and arguments of `admissionOf`: `admit` enters jobs, which are
 * {created at, id, thing, bytes, created at, ...}, among those of their tenant, and what they take, as things, on the
 * ledger of what it has in Redis. It gives the number of each, or why it is refused. Among the turns, the field "*" is the
 * number at the head when last looked at, "+" the furthest place given. BullMQ's score of a waiting job is its number
 * times 2^32, plus a counter.
 */
export const admit = `${ledger}${sumOf}
local live, jobs, tenants, turns, waiting = unpack(KEYS)
local kept, stored = {unpack(KEYS, 6, 7)}, {unpack(KEYS, 8, 9)}
local tenant, quota, keptQuota, storedQuota, listed, first, last, perTurn = unpack(ARGV)
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

-- How many more jobs and bytes the tenant may have; nil for any.
local freeJobs = quota ~= "" and tonumber(quota) - redis.call("ZCARD", live) or nil
local freeBytes = keptQuota ~= "" and tonumber(keptQuota) - sumOf(kept, tenant) or nil
local isStoreFull = storedQuota ~= "" and sumOf(stored, tenant) > tonumber(storedQuota)

local function refusal(id, bytes)
  local isNew = freeJobs and not redis.call("ZSCORE", live, id)
  if isNew and freeJobs < 1 then return ${refusals.tooManyJobs} end
  if freeBytes and freeBytes < bytes then return ${refusals.tooMuchKept} end
  if isStoreFull then return ${refusals.tooMuchStored} end
  if isNew then freeJobs = freeJobs - 1 end
  if freeBytes then freeBytes = freeBytes - bytes end
end

local function admit(applicants)
  local numbers, entered = {}, {}
  for index = 1, #applicants, 4 do
    local createdAt, id, thing, bytes = unpack(applicants, index, index + 3)
    local refused = refusal(id, bytes)
    if not refused then
      entered[#entered + 1] = createdAt
      entered[#entered + 1] = id
      takesMore(kept, thing, bytes, tenant)
    end
    numbers[#numbers + 1] = refused or 0
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

const admitOne = new RedisScript<number>(`${admit} return admit({ARGV[9], ARGV[10], ARGV[10], tonumber(ARGV[11])})[1]`);

/** The keys and arguments that `admit` reads, for jobs of one tenant and priority. */
export function admissionOf(
  { payload: { tenant, batch }, priority, ...quotas }: ApplicantKind,
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: string[]; args: (string | number)[] } {
  const { first, last } = queueCatalogue.faces.priorities[priority];
  const { maxQueuedJobs = "", maxKeptBytes, maxStoredBytes } = quotas;
  // A batch's items are found through their batch.
  const listed = batch ? "" : "1";
  return {
    keys: [
      keys.liveOf({ tenant, batch }),
      keys.jobs(tenant),
      keys.tenants,
      keys.turns(priority),
      queue.toKey("prioritized"),
      ...keptKeys(keys),
      ...storedKeys(keys),
    ],
    args: [
      ...[tenant, maxQueuedJobs, bytesOf(maxKeptBytes), bytesOf(maxStoredBytes)],
      ...[listed, first, last, jobsPerTurn],
    ],
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
   * @param bytes What it takes in Redis besides what it takes already.
   * @throws ProblemError `too_many_jobs`, `too_much_kept`
   */
  async admit(applicant: Applicant, bytes: number): Promise<number> {
    const { keys, args } = admissionOf(applicant, this.keys, this.queue);
    const number = await admitOne.run(this.redis, keys, [...args, applicant.createdAt, applicant.id, bytes]);
    if (number < 0) throw refused(number, applicant);
    return number;
  }
}

/** Why something is not taken in. */
export function refused(reason: number, quotas: Quotas & { readonly maxUploads?: number | undefined }): ProblemError {
  const [kept, stored] = [bytesOf(quotas.maxKeptBytes), bytesOf(quotas.maxStoredBytes)];
  switch (reason) {
    case refusals.uploadDoomed:
      return new ProblemError("upload_not_found", "Expected an upload that is to stay but it is about to be deleted.");
    case refusals.tooMuchKept:
      return new ProblemError(
        "too_much_kept",
        `Expected jobs, results and batches of at most ${kept} bytes in the queue.`,
      );
    case refusals.tooMuchStored:
      return new ProblemError(
        "too_much_stored",
        `Expected images and results of at most ${stored} bytes in the store.`,
      );
    case refusals.tooManyUploads:
      return new ProblemError(
        "too_many_uploads",
        `Expected fewer than ${quotas.maxUploads} uploads that are not over.`,
      );
    default:
      return new ProblemError("too_many_jobs", `Expected fewer than ${quotas.maxQueuedJobs} jobs that have not ended.`);
  }
}

/** As an argument of a script. */
export function bytesOf(most: number | undefined): number | "" {
  return most === undefined || most === Number.POSITIVE_INFINITY ? "" : Math.floor(most);
}

/** The priority of a job with this number. */
export function priorityOf(number: number): FacePriority {
  const bands = Object.entries(queueCatalogue.faces.priorities);
  const [name] = bands.find(([, { last }]) => number <= last) ?? ["low"];
  return name as FacePriority;
}
