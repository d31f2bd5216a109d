import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, overhead } from "../ledger/ledger.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { full, script } from "../redis/script.js";
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

/** Removes what is known of a batch and keeps the place until it would have expired. `member`: its name in the store. */
const erase = script(
  {
    keys: { batch: "key", endedItems: "key", storedBatches: "key", kept: ledgerKeys, lines: "keys" },
    args: { id: "text", tenant: "text", member: "text" },
    uses: [ledger, eventErasure],
  },
  `
local left = redis.call("PTTL", batch)
local event = redis.call("HGET", batch, "event")
redis.call("UNLINK", batch, endedItems, unpack(lines))
eraseEvent(event)
takes(kept, id, ${overhead.erased})
redis.call("HSET", batch, "tenant", tenant)
redis.call("PEXPIRE", batch, math.max(left, 1))
return redis.call("ZADD", storedBatches, 0, member)`,
);

/** Lets what is left of a batch be canceled. Returns whether it had not ended. */
export async function cancelBatch(redis: Redis, keys: QueueKeys, id: string): Promise<boolean> {
  return (await cancel.run(redis, { batch: keys.batch(id), batches: keys.batches }, { id })) === 1;
}

/** Erases a batch that has ended. Returns how many parts of its results may still be in the object store. */
export async function eraseBatch(redis: Redis, keys: QueueKeys, record: BatchRecord): Promise<number> {
  const { id, plan } = record;
  const parts = partsOf(record);
  const places = {
    batch: keys.batch(id),
    endedItems: keys.batchEnded(id),
    storedBatches: keys.endedBatches,
    kept: keptKeys(keys),
    lines: Array.from({ length: parts }, (_, part) => keys.batchLines(id, part)),
  };
  const args = { id, tenant: plan.tenant, member: storedBatchMember({ id, parts }) };
  await erase.run(redis, places, { ...args, ...eventErasureOf(keys) });
  return parts;
}
