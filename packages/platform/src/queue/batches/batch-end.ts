import { keptKeys, ledger, overhead } from "../ledger/ledger.js";
import { batchEvent } from "../outbox.js";
import type { QueueKeys } from "../queue-keys.js";
import { evenWhenFull, RedisScript } from "../redis-script.js";
import { type BatchRecord, batchView, endedItems, partsOf } from "./batch-record.js";
import { isLive } from "./live-batch.js";
import { storedBatchMember } from "./stored-batches.js";

/**
 * KEYS: batch, its items, bitmap, live items, batches, live batches of the tenant, batches in the store, outbox,
 * idempotency record, then those of the ledger. ARGV: id, state, finished at, expires at, time to live, items canceled
 * without a line, member of the seventh, event or "", its id, shape or "".
 */
export const finish = new RedisScript<number>(`${isLive}${ledger}
local batch, items, ended, live, batches, liveBatches, stored, outbox, idempotency = unpack(KEYS)
local id, state, finishedAt, expiresAt, ttl, canceled, member, event, eventId, shape = unpack(ARGV)
local kept = {unpack(KEYS, 10, 11)}
if not isLive(batch) then return 0 end
${evenWhenFull}
redis.call("HINCRBY", batch, "canceled", canceled)
takes(kept, id, redis.call("HSTRLEN", batch, "plan") + redis.call("STRLEN", ended) + ${overhead.batch})
redis.call("HDEL", batch, "stopping")
redis.call("HSET", batch, "state", state, "finishedAt", finishedAt, "expiresAt", expiresAt)
redis.call("PEXPIRE", batch, ttl)
redis.call("PEXPIRE", ended, ttl)
redis.call("UNLINK", items, live)
redis.call("ZREM", batches, id)
redis.call("ZREM", liveBatches, id)
local time = redis.call("TIME")
redis.call("ZADD", stored, string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000) + ttl), member)
if event ~= "" then
  redis.call("RPUSH", outbox, event)
  redis.call("HSET", batch, "event", eventId)
  takes(kept, eventId, #event + ${overhead.event}, redis.call("HGET", batch, "tenant"))
end
if shape ~= "" and redis.call("EXISTS", idempotency) == 1 then redis.call("HSET", idempotency, "shape", shape) end
return 1`);

/** The keys and arguments of `finish`. */
export function endOf(record: BatchRecord, keys: QueueKeys): { keys: string[]; args: (string | number)[] } {
  const { id, plan } = record;
  const { ended, rest } = ending(record, Date.now());
  const view = batchView(ended, 0);
  const event = batchEvent(view, plan);
  const { metadata, ...shape } = view;
  return {
    keys: [
      keys.batch(id),
      keys.batchItems(id),
      keys.batchEnded(id),
      keys.batchLive(id),
      keys.batches,
      keys.liveBatches(plan.tenant),
      keys.endedBatches,
      keys.outbox,
      keys.idempotency(plan.idempotency ?? ""),
      ...keptKeys(keys),
    ],
    args: [
      id,
      ended.state,
      ended.finishedAt,
      ended.expiresAt,
      plan.resultTtlSeconds * 1000,
      rest,
      storedBatchMember({ id, parts: partsOf(record) }),
      event ? JSON.stringify(event) : "",
      event?.id ?? "",
      plan.idempotency ? JSON.stringify(shape) : "",
    ],
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
