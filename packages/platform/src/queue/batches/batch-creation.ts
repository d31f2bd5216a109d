import { type ImageRef, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { bytesOf, type Quotas, refusals, refused } from "../admission.js";
import { keptKeys, ledger, overhead, storedKeys, sumOf } from "../ledger/ledger.js";
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
  readonly quotas: Quotas;
}

/** The most batches of one tenant that have not ended. */
const maxLiveBatches = 100;

/**
 * From here on the batch holds the uploads that its items name.
 * KEYS: batch, its items, batches, live batches of the tenant, uploads of the batch, then those of `uploadKeys`, those of
 * the ledgers. ARGV: id, created at, most live batches, tenant, plan, most bytes in Redis and in the store or "", number
 * of items, items, then each upload and how many items name it.
 * Returns 1, 0 when the tenant has too many, or why it may have no more.
 */
const create = new RedisScript<number>(`${batchUploads}${ledger}${sumOf}
local batch, items, batches, live, named = unpack(KEYS)
local kept, stored = {unpack(KEYS, 9, 10)}, {unpack(KEYS, 11, 12)}
local id, createdAt, most, tenant, plan, mostKept, mostStored, total = unpack(ARGV)
local lastItem = 8 + total
if redis.call("EXISTS", batch) == 1 then return 1 end
if redis.call("ZCARD", live) >= tonumber(most) then return 0 end
local bytes = #plan + ${overhead.batch}
for at = 9, #ARGV do bytes = bytes + #ARGV[at] + ${overhead.item} end
if mostKept ~= "" and sumOf(kept, tenant) + bytes > tonumber(mostKept) then return ${refusals.tooMuchKept} end
if mostStored ~= "" and sumOf(stored, tenant) > tonumber(mostStored) then return ${refusals.tooMuchStored} end
takes(kept, id, bytes, tenant)
redis.call("HSET", batch, "tenant", tenant, "plan", plan, "state", "queued", "createdAt", createdAt, "total", total)
if lastItem > 8 then redis.call("RPUSH", items, unpack(ARGV, 9, lastItem)) end
for at = lastItem + 1, #ARGV, 2 do
  holdBatchUpload({unpack(KEYS, 6, 8)}, named, ARGV[at], ARGV[at + 1], id)
end
redis.call("ZADD", batches, 0, id)
redis.call("ZADD", live, createdAt, id)
return 1`);

/**
 * Creates a batch unless it is there.
 * @throws ProblemError `too_many_batches`, `too_much_kept`, `too_much_stored`
 */
export async function createBatch(
  redis: Redis,
  keys: QueueKeys,
  { id, plan, items, uploads, quotas }: BatchMaterial,
): Promise<void> {
  const { tenant } = plan;
  const places = [keys.batch(id), keys.batchItems(id), keys.batches, keys.liveBatches(tenant), keys.batchUploads(id)];
  const most = [bytesOf(quotas.maxKeptBytes), bytesOf(quotas.maxStoredBytes)];
  const args = [id, Date.now(), maxLiveBatches, tenant, JSON.stringify(plan), ...most, items.length];
  const named = [...items.map((item) => JSON.stringify(item)), ...uploadCounts(uploads)];
  const ledgers = [...keptKeys(keys), ...storedKeys(keys)];
  const created = await create.run(redis, [...places, ...uploadKeys(keys), ...ledgers], [...args, ...named]);
  if (created === 1) return;
  if (created < 0) throw refused(created, quotas);
  throw new ProblemError("too_many_batches", `Expected fewer than ${maxLiveBatches} batches that have not ended.`);
}
