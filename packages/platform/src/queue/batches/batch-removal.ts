import type { Redis } from "ioredis";
import { keptKeys, ledger, overhead } from "../ledger/ledger.js";
import type { QueueKeys } from "../queue-keys.js";
import { evenWhenFull, RedisScript } from "../redis-script.js";
import { eraseEvent, keptMs } from "../webhooks/event-records.js";
import { type BatchRecord, partsOf } from "./batch-record.js";
import { isLive } from "./live-batch.js";
import { storedBatchMember } from "./stored-batches.js";

/** KEYS: batch, batches. ARGV: id. Returns whether it had not ended. */
const cancel = new RedisScript<number>(`${isLive}
if not isLive(KEYS[1]) then return 0 end
${evenWhenFull}
redis.call("HSETNX", KEYS[1], "stopping", "canceled")
redis.call("ZADD", KEYS[2], "XX", 0, ARGV[1])
return 1`);

/**
 * Removes what is known of a batch and keeps the place until it would have expired.
 * KEYS: batch, its bitmap, batches in the object store, those of the ledger, its lines. ARGV: tenant, its member of the
 * third, prefix of events, how long an event may take in ms, id.
 */
const erase = new RedisScript<number>(`${ledger}${eraseEvent}
local kept = {KEYS[4], KEYS[5]}
local left = redis.call("PTTL", KEYS[1])
local event = redis.call("HGET", KEYS[1], "event")
redis.call("UNLINK", KEYS[1], KEYS[2], unpack(KEYS, 6))
eraseEvent(event, ARGV[3], ARGV[4], kept)
takes(kept, ARGV[5], ${overhead.erased})
redis.call("HSET", KEYS[1], "tenant", ARGV[1])
redis.call("PEXPIRE", KEYS[1], math.max(left, 1))
return redis.call("ZADD", KEYS[3], 0, ARGV[2])`);

/** Lets what is left of a batch be canceled. Returns whether it had not ended. */
export async function cancelBatch(redis: Redis, keys: QueueKeys, id: string): Promise<boolean> {
  return (await cancel.run(redis, [keys.batch(id), keys.batches], [id])) === 1;
}

/** Erases a batch that has ended. Returns how many parts of its results may still be in the object store. */
export async function eraseBatch(redis: Redis, keys: QueueKeys, record: BatchRecord): Promise<number> {
  const { id, plan } = record;
  const parts = partsOf(record);
  const lines = Array.from({ length: parts }, (_, part) => keys.batchLines(id, part));
  const places = [keys.batch(id), keys.batchEnded(id), keys.endedBatches, ...keptKeys(keys), ...lines];
  await erase.run(redis, places, [plan.tenant, storedBatchMember({ id, parts }), keys.event(""), keptMs, id]);
  return parts;
}
