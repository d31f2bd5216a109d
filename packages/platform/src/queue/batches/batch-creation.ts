import { type BatchItem, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead, storedKeys } from "../ledger/ledger.js";
import { bytesOf, type Quotas, refusals, refused } from "../ledger/quotas.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { script } from "../redis/script.js";
import { uploadKeys } from "../uploads/upload-ownership.js";
import type { BatchPlan } from "./batch-record.js";
import { batchUploads, namedUpload, uploadCounts } from "./batch-uploads.js";

/** What a batch is made of. */
export interface BatchMaterial {
  readonly id: string;
  readonly plan: BatchPlan;
  /** Those that came with its request. */
  readonly items: readonly BatchItem[];
  /** The tenant's own among the uploads that these name, once for each item. */
  readonly uploads: readonly string[];
  readonly quotas: Quotas;
}

/** The most batches of one tenant that have not ended. */
export const maxLiveBatches = 100;

/**
 * From here on the batch holds the uploads that its items name. Returns 1, 0 when the tenant has too many, or why it may
 * have no more.
 */
const create = script(
  {
    keys: {
      batch: "key",
      itemList: "key",
      batches: "key",
      live: "key",
      listed: "key",
      kept: ledgerKeys,
      stored: ledgerKeys,
    },
    args: {
      createdAt: "number",
      maxLive: "number",
      tenant: "text",
      plan: "text",
      maxKeptBytes: "number?",
      maxStoredBytes: "number?",
      items: ["text"],
      counted: [namedUpload],
    },
    uses: [batchUploads, ledger],
  },
  `
if redis.call("EXISTS", batch) == 1 then return 1 end
if redis.call("ZCARD", live) >= maxLive then return 0 end
local bytes = #plan + ${overhead.batch}
for _, item in ipairs(items) do bytes = bytes + #item + ${overhead.item} end
for _, one in ipairs(counted) do bytes = bytes + #one.upload + #tostring(one.items) + 2 * ${overhead.item} end
if maxKeptBytes and sumOf(kept, tenant) + bytes > maxKeptBytes then return ${refusals.tooMuchKept} end
if maxStoredBytes and sumOf(stored, tenant) > maxStoredBytes then return ${refusals.tooMuchStored} end
takes(kept, batchId, bytes, tenant)
redis.call("HSET", batch, "tenant", tenant, "plan", plan, "state", "queued", "createdAt", createdAt, "total", #items)
if #items > 0 then redis.call("RPUSH", itemList, unpack(items)) end
for _, one in ipairs(counted) do holdBatchUpload(one.upload, one.items) end
redis.call("ZADD", batches, 0, batchId)
redis.call("ZADD", live, createdAt, batchId)
redis.call("ZADD", listed, createdAt, batchId)
return 1`,
);

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
  const places = {
    batch: keys.batch(id),
    itemList: keys.batchItems(id),
    batches: keys.batches,
    live: keys.liveBatches(tenant),
    listed: keys.listedBatches(tenant),
    named: keys.batchUploads(id),
    uploads: uploadKeys(keys),
    kept: keptKeys(keys),
    stored: storedKeys(keys),
  };
  const created = await create.run(redis, places, {
    batchId: id,
    createdAt: Date.now(),
    maxLive: maxLiveBatches,
    tenant,
    plan: JSON.stringify(plan),
    maxKeptBytes: bytesOf(quotas.maxKeptBytes),
    maxStoredBytes: bytesOf(quotas.maxStoredBytes),
    items: items.map((item) => JSON.stringify(item)),
    counted: uploadCounts(uploads),
  });
  if (created === 1) return;
  if (created < 0) throw refused(created, quotas);
  throw tooManyBatches();
}

export function tooManyBatches(): ProblemError {
  return new ProblemError("too_many_batches", `Expected fewer than ${maxLiveBatches} batches that have not ended.`);
}
