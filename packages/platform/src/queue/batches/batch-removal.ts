import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead } from "../ledger/ledger.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { full, script } from "../redis/script.js";
import { storedId } from "../results/kept-text.js";
import { eventErasure, eventErasureOf } from "../webhooks/event-records.js";
import { type BatchRecord, partsOf } from "./batch-record.js";
import { isLive } from "./live-batch.js";
import { storedBatchMember } from "./stored-batches.js";

/** Returns whether it had not ended. */
const cancel = script(
  { keys: { batch: "key", batches: "key" }, args: { id: "text" }, uses: [isLive, full] },
  `
if not isLive(batch) then return 0 end
evenWhenFull(batch)
redis.call("HSETNX", batch, "stopping", "canceled")
redis.call("ZADD", batches, "XX", 0, id)
return 1`,
);

/**
 * Removes what is known of a batch that has ended and keeps the place until it would have expired; what it held the sweep lets
 * go. `member`: its name in the store. Returns whether it had ended.
 */
const erase = script(
  {
    keys: {
      batch: "key",
      endedItems: "key",
      failedItems: "key",
      partsAgain: "key",
      named: "key",
      results: "key",
      listed: "key",
      storedBatches: "key",
      kept: ledgerKeys,
      lines: "keys",
    },
    args: { id: "text", tenant: "text", member: "text" },
    uses: [isLive, ledger, eventErasure, storedId],
  },
  `
if isLive(batch) then return 0 end
local left = redis.call("PTTL", batch)
local event = redis.call("HGET", batch, "event")
for _, object in ipairs(redis.call("HVALS", partsAgain)) do redis.call("ZADD", results, 0, (storedId(object))) end
redis.call("UNLINK", batch, endedItems, failedItems, partsAgain, named, unpack(lines))
eraseEvent(event)
redis.call("ZREM", listed, id)
takes(kept, id, ${overhead.erased})
redis.call("HSET", batch, "tenant", tenant)
redis.call("PEXPIRE", batch, math.max(left, 1))
redis.call("ZADD", storedBatches, 0, member)
return 1`,
);

/** Lets what is left of a batch be canceled. Returns whether it had not ended. */
export async function cancelBatch(redis: Redis, keys: QueueKeys, id: string): Promise<boolean> {
  return (await cancel.run(redis, { batch: keys.batch(id), batches: keys.batches }, { id })) === 1;
}

/**
 * Erases a batch that has ended. Returns how many parts of its results may still be in the object store; undefined for one that
 * lives again.
 */
export async function eraseBatch(redis: Redis, keys: QueueKeys, record: BatchRecord): Promise<number | undefined> {
  const { id, plan } = record;
  const parts = partsOf(record);
  const places = {
    batch: keys.batch(id),
    endedItems: keys.batchEnded(id),
    failedItems: keys.batchFailed(id),
    partsAgain: keys.batchPartsAgain(id),
    named: keys.batchUploads(id),
    results: keys.results,
    listed: keys.listedBatches(plan.tenant),
    storedBatches: keys.endedBatches,
    kept: keptKeys(keys),
    lines: Array.from({ length: parts }, (_, part) => keys.batchLines(id, part)),
  };
  const args = { id, tenant: plan.tenant, member: storedBatchMember({ id, parts }) };
  const isErased = (await erase.run(redis, places, { ...args, ...eventErasureOf(keys) })) === 1;
  return isErased ? parts : undefined;
}
