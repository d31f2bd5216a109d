import { overhead } from "../ledger/ledger.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, clock, full, type KeysOf, script } from "../redis/script.js";
import { announcementOf, announcing } from "../webhooks/outbox.js";
import { batchEvent } from "./batch-event.js";
import { type BatchRecord, batchView, endedItems, partsOf } from "./batch-record.js";
import { isLive } from "./live-batch.js";
import { storedBatchMember } from "./stored-batches.js";

/** `canceled`: how many items end with it, without a line; `member`: its name among the batches in the store. */
export const finish = script(
  {
    keys: {
      batch: "key",
      itemList: "key",
      endedItems: "key",
      liveItems: "key",
      batches: "key",
      liveBatches: "key",
      storedBatches: "key",
      idempotency: "key",
    },
    args: {
      id: "text",
      state: "text",
      finishedAt: "number",
      expiresAt: "number",
      ttl: "number",
      canceled: "number",
      member: "text",
      shape: "text?",
    },
    uses: [isLive, announcing, full, clock],
  },
  `
if not isLive(batch) then return 0 end
evenWhenFull(batch)
redis.call("HINCRBY", batch, "canceled", canceled)
takes(kept, id, redis.call("HSTRLEN", batch, "plan") + redis.call("STRLEN", endedItems) + ${overhead.batch})
redis.call("HDEL", batch, "stopping")
redis.call("HSET", batch, "state", state, "finishedAt", finishedAt, "expiresAt", expiresAt)
redis.call("PEXPIRE", batch, ttl)
redis.call("PEXPIRE", endedItems, ttl)
redis.call("UNLINK", itemList, liveItems)
redis.call("ZREM", batches, id)
redis.call("ZREM", liveBatches, id)
redis.call("ZADD", storedBatches, whole(now() + ttl), member)
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
      liveItems: keys.batchLive(id),
      batches: keys.batches,
      liveBatches: keys.liveBatches(plan.tenant),
      storedBatches: keys.endedBatches,
      idempotency: keys.idempotency(plan.idempotency ?? ""),
      ...announcement.keys,
    },
    args: {
      id,
      state: ended.state,
      finishedAt: ended.finishedAt,
      expiresAt: ended.expiresAt,
      ttl: plan.resultTtlSeconds * 1000,
      canceled: rest,
      member: storedBatchMember({ id, parts: partsOf(record) }),
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
