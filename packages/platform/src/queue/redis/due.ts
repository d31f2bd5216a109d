import type { Redis } from "ioredis";
import { as, clock, script } from "./script.js";

interface Lease {
  /** Milliseconds. */
  readonly leaseMs: number;
  /** The most members. */
  readonly limit: number;
}

/** Removed and put back, so that a full Redis does it too. */
const take = script(
  { keys: { set: "key" }, args: { lease: "number", most: "number" }, uses: [clock], answer: as<string[]>() },
  `
local time = now()
local members = redis.call("ZRANGEBYSCORE", set, "-inf", whole(time), "LIMIT", 0, most)
for _, member in ipairs(members) do
  redis.call("ZREM", set, member)
  redis.call("ZADD", set, whole(time + lease), member)
end
return members`,
);

/**
 * Takes up to `limit` members of a sorted set whose time, their score, has come. Each comes again when its lease ends,
 * unless whoever took it gives it another time or removes it.
 */
export function takeDue(redis: Redis, set: string, { leaseMs, limit }: Lease): Promise<string[]> {
  return take.run(redis, { set }, { lease: leaseMs, most: limit });
}

/** What is to be deleted elsewhere. */
export interface DueForDeletion {
  readonly members: string[];
  /** Whether each is on a lease. If not, Redis takes no writes, and others may be deleting the same. */
  readonly isLeased: boolean;
}

/** What Redis answers to a write when it cannot write to its disk, or not to as many replicas as it must. */
const refusalOfWrites = /^(MISCONF|NOREPLICAS)\b/;
/** More would be taken for longer than a sweep lasts. */
const mostUnleased = 10_000;

/**
 * The same of what is to be deleted in another place, also while Redis takes no writes: its disk may be full of just
 * that.
 */
export async function takeDueForDeletion(redis: Redis, key: string, lease: Lease): Promise<DueForDeletion> {
  try {
    return { members: await takeDue(redis, key, lease), isLeased: true };
  } catch (error) {
    if (!(error instanceof Error && refusalOfWrites.test(error.message))) throw error;
  }
  const [seconds] = await redis.time();
  const members = await redis.zrangebyscore(key, "-inf", Number(seconds) * 1000, "LIMIT", 0, mostUnleased);
  return { members, isLeased: false };
}
