import type { Redis } from "ioredis";
import { RedisScript } from "./redis-script.js";

/** KEYS: sorted set. ARGV: length of the lease in milliseconds, how many. */
const take = new RedisScript<string[]>(`
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", string.format("%.0f", now), "LIMIT", 0, ARGV[2])
local leaseEnd = string.format("%.0f", now + ARGV[1])
for _, member in ipairs(members) do redis.call("ZADD", KEYS[1], leaseEnd, member) end
return members`);

/**
 * Takes up to `limit` members of a sorted set whose time, their score, has come. Each comes again when its lease ends,
 * unless whoever took it gives it another time or removes it.
 */
export function takeDue(
  redis: Redis,
  key: string,
  { leaseMs, limit }: { readonly leaseMs: number; readonly limit: number },
): Promise<string[]> {
  return take.run(redis, [key], [leaseMs, limit]);
}
