import { type ImageRef, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";
import type { BatchPlan } from "./batch-record.js";

/** The most batches of one tenant that have not ended. */
const maxLiveBatches = 100;

/**
 * KEYS: batch, its items, batches, live batches of the tenant. ARGV: id, created at, most live batches, tenant, plan,
 * number of items, items. Returns 0 when the tenant has too many.
 */
const create = new RedisScript<number>(`
local batch, items, batches, live = unpack(KEYS)
local id, createdAt, most, tenant, plan, total = unpack(ARGV)
if redis.call("EXISTS", batch) == 1 then return 1 end
if redis.call("ZCARD", live) >= tonumber(most) then return 0 end
redis.call("HSET", batch, "tenant", tenant, "plan", plan, "state", "queued", "createdAt", createdAt, "total", total)
if #ARGV > 6 then redis.call("RPUSH", items, unpack(ARGV, 7)) end
redis.call("ZADD", batches, 0, id)
redis.call("ZADD", live, createdAt, id)
return 1`);

/**
 * Creates a batch unless it is there.
 * @throws ProblemError `too_many_batches`
 */
export async function createBatch(
  redis: Redis,
  keys: QueueKeys,
  { id, plan, items }: { readonly id: string; readonly plan: BatchPlan; readonly items: readonly ImageRef[] },
): Promise<void> {
  const { tenant } = plan;
  const places = [keys.batch(id), keys.batchItems(id), keys.batches, keys.liveBatches(tenant)];
  const args = [id, Date.now(), maxLiveBatches, tenant, JSON.stringify(plan), items.length];
  const created = await create.run(redis, places, [...args, ...items.map((item) => JSON.stringify(item))]);
  if (created === 1) return;
  throw new ProblemError("too_many_batches", `Expected fewer than ${maxLiveBatches} batches that have not ended.`);
}
