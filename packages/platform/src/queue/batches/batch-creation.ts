import { type ImageRef, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";
import { batchUploads, uploadCounts } from "../uploads/batch-uploads.js";
import { uploadKeys } from "../uploads/upload-ownership.js";
import type { BatchPlan } from "./batch-record.js";

/** What a batch is made of. */
export interface BatchMaterial {
  readonly id: string;
  readonly plan: BatchPlan;
  /** Those that came with its request. */
  readonly items: readonly ImageRef[];
  /** The tenant's own among the uploads that these name, once for each item. */
  readonly uploads: readonly string[];
}

/** The most batches of one tenant that have not ended. */
const maxLiveBatches = 100;

/**
 * From here on the batch holds the uploads that its items name.
 * KEYS: batch, its items, batches, live batches of the tenant, uploads of the batch, then those of `uploadKeys`. ARGV: id,
 * created at, most live batches, tenant, plan, number of items, items, then each upload and how many items name it.
 * Returns 0 when the tenant has too many.
 */
const create = new RedisScript<number>(`${batchUploads}
local batch, items, batches, live, named = unpack(KEYS)
local id, createdAt, most, tenant, plan, total = unpack(ARGV)
local lastItem = 6 + total
if redis.call("EXISTS", batch) == 1 then return 1 end
if redis.call("ZCARD", live) >= tonumber(most) then return 0 end
redis.call("HSET", batch, "tenant", tenant, "plan", plan, "state", "queued", "createdAt", createdAt, "total", total)
if lastItem > 6 then redis.call("RPUSH", items, unpack(ARGV, 7, lastItem)) end
for at = lastItem + 1, #ARGV, 2 do
  holdBatchUpload({unpack(KEYS, 6)}, named, ARGV[at], ARGV[at + 1], id)
end
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
  { id, plan, items, uploads }: BatchMaterial,
): Promise<void> {
  const { tenant } = plan;
  const places = [keys.batch(id), keys.batchItems(id), keys.batches, keys.liveBatches(tenant), keys.batchUploads(id)];
  const args = [id, Date.now(), maxLiveBatches, tenant, JSON.stringify(plan), items.length];
  const named = [...items.map((item) => JSON.stringify(item)), ...uploadCounts(uploads)];
  const created = await create.run(redis, [...places, ...uploadKeys(keys)], [...args, ...named]);
  if (created === 1) return;
  throw new ProblemError("too_many_batches", `Expected fewer than ${maxLiveBatches} batches that have not ended.`);
}
