import { overhead } from "../ledger/ledger.js";
import { memberOf, type QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, clock, full, type KeysOf, script } from "../redis/script.js";
import { storedId } from "../results/kept-text.js";
import { announcementOf, announcing } from "../webhooks/outbox.js";
import { batchEvent } from "./batch-event.js";
import { type BatchRecord, batchView, endedItems, partsOf } from "./batch-record.js";
import { isLive } from "./live-batch.js";
import { storedBatchMember } from "./stored-batches.js";

/**
 * `round`: which one is over; `canceled`: how many items end with it, without a line; `member`: its name among what has ended;
 * `storedMember`: among the batches in the store.
 */
export const finish = script(
  {
    keys: {
      batch: "key",
      itemList: "key",
      endedItems: "key",
      failedItems: "key",
      itemsAgain: "key",
      partsAgain: "key",
      named: "key",
      results: "key",
      liveItems: "key",
      batches: "key",
      liveBatches: "key",
      listed: "key",
      ended: "key",
      storedBatches: "key",
      idempotency: "key",
    },
    args: {
      id: "text",
      round: "number",
      state: "text",
      createdAt: "number",
      finishedAt: "number",
      expiresAt: "number",
      ttl: "number",
      canceled: "number",
      member: "text",
      storedMember: "text",
      shape: "text?",
    },
    uses: [isLive, announcing, storedId, full, clock],
  },
  `
if not isLive(batch) or tonumber(redis.call("HGET", batch, "round") or 0) ~= round then return 0 end
evenWhenFull(batch)
redis.call("HINCRBY", batch, "canceled", canceled)
takes(kept, id, redis.call("HSTRLEN", batch, "plan") + 2 * redis.call("STRLEN", endedItems) + ${overhead.batch})
redis.call("HDEL", batch, "stopping")
redis.call("HSET", batch, "state", state, "finishedAt", finishedAt, "expiresAt", expiresAt)
redis.call("PEXPIRE", batch, ttl)
for _, key in ipairs({endedItems, failedItems, partsAgain, named}) do redis.call("PEXPIRE", key, ttl) end
redis.call("UNLINK", itemList, liveItems, itemsAgain)
redis.call("ZREM", batches, id)
redis.call("ZREM", liveBatches, id)
-- An API of an older version lists none.
redis.call("ZADD", listed, createdAt, id)
local expiry = whole(now() + ttl)
redis.call("ZADD", ended, expiry, member)
redis.call("ZADD", storedBatches, expiry, storedMember)
for _, object in ipairs(redis.call("HVALS", partsAgain)) do
  redis.call("ZADD", results, expiry, (storedId(object)))
end
announce(batch, redis.call("HGET", batch, "tenant"))
if shape and redis.call("EXISTS", idempotency) == 1 then redis.call("HSET", idempotency, "shape", shape) end
return 1`,
);

/** The keys and arguments of `finish`. */
export function endOf(
  record: BatchRecord,
  keys: QueueKeys,
): { keys: KeysOf<typeof finish>; args: ArgumentsOf<typeof finish> } {
  const { id, plan } = record;
  const { ended, rest } = ending(record, Date.now());
  const view = batchView(ended, 0);
  const announcement = announcementOf(batchEvent(view, plan), keys);
  const { metadata, ...shape } = view;
  return {
    keys: {
      batch: keys.batch(id),
      itemList: keys.batchItems(id),
      endedItems: keys.batchEnded(id),
      failedItems: keys.batchFailed(id),
      itemsAgain: keys.batchItemsAgain(id),
      partsAgain: keys.batchPartsAgain(id),
      named: keys.batchUploads(id),
      results: keys.results,
      liveItems: keys.batchLive(id),
      batches: keys.batches,
      liveBatches: keys.liveBatches(plan.tenant),
      listed: keys.listedBatches(plan.tenant),
      ended: keys.ended,
      storedBatches: keys.endedBatches,
      idempotency: keys.idempotency(plan.idempotency ?? ""),
      ...announcement.keys,
    },
    args: {
      id,
      round: record.round,
      state: ended.state,
      createdAt: record.createdAt,
      finishedAt: ended.finishedAt,
      expiresAt: ended.expiresAt,
      ttl: plan.resultTtlSeconds * 1000,
      canceled: rest,
      member: memberOf(plan.tenant, id),
      storedMember: storedBatchMember({ id, parts: partsOf(record) }),
      shape: plan.idempotency ? JSON.stringify(shape) : undefined,
      ...announcement.args,
    },
  };
}

/** The record as it will be, and how many items end with it. */
function ending({ stopping, ...record }: BatchRecord, finishedAt: number) {
  const rest = record.total - endedItems(record);
  const ended = {
    ...record,
    state: stopping ?? ("finished" as const),
    canceled: record.canceled + rest,
    finishedAt,
    expiresAt: finishedAt + record.plan.resultTtlSeconds * 1000,
  };
  return { ended, rest };
}
