import { ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { keptKeys, ledger, ledgerKeys, storedKeys } from "../ledger/ledger.js";
import { bytesOf, type Quotas, refusals, refused } from "../ledger/quotas.js";
import { memberOf, type QueueKeys } from "../redis/queue-keys.js";
import { script } from "../redis/script.js";
import { storedId } from "../results/kept-text.js";
import { maxLiveBatches, tooManyBatches } from "./batch-creation.js";
import { type BatchRecord, partsOf } from "./batch-record.js";
import { isLive } from "./live-batch.js";
import { storedBatchMember } from "./stored-batches.js";

const answers = { retried: 1, notFailed: 0, isLive: -11, tooMany: -12 } as const;

/**
 * Lets a batch that has finished live again, with the items that failed to be tried again: from here on it goes through the
 * parts of its results, in another round of steps. Whoever asks at the same time finds it live. What it has in the object
 * store stays until its next end says how long. `lines`: those of its parts, which are in the object store.
 */
const retry = script(
  {
    keys: {
      batch: "key",
      endedItems: "key",
      failedItems: "key",
      itemsAgain: "key",
      partsAgain: "key",
      named: "key",
      batches: "key",
      liveBatches: "key",
      ended: "key",
      storedBatches: "key",
      results: "key",
      kept: ledgerKeys,
      stored: ledgerKeys,
      lines: "keys",
    },
    args: {
      id: "text",
      tenant: "text",
      createdAt: "number",
      member: "text",
      storedMember: "text",
      maxLive: "number",
      maxKeptBytes: "number?",
      maxStoredBytes: "number?",
    },
    uses: [isLive, ledger, storedId],
  },
  `
if isLive(batch) then return ${answers.isLive} end
if redis.call("HGET", batch, "state") ~= "finished" or redis.call("EXISTS", failedItems) == 0 then
  return ${answers.notFailed}
end
if redis.call("ZCARD", liveBatches) >= maxLive then return ${answers.tooMany} end
if maxKeptBytes and sumOf(kept, tenant) > maxKeptBytes then return ${refusals.tooMuchKept} end
if maxStoredBytes and sumOf(stored, tenant) > maxStoredBytes then return ${refusals.tooMuchStored} end
redis.call("BITOP", "XOR", endedItems, endedItems, failedItems)
redis.call("BITOP", "OR", itemsAgain, failedItems, failedItems)
redis.call("HDEL", batch, "finishedAt", "expiresAt", "event")
redis.call("HSET", batch, "state", "active", "failed", 0, "expanded", 0, "stored", 0, "cursor", "")
redis.call("HINCRBY", batch, "round", 1)
for _, key in ipairs({batch, endedItems, itemsAgain, partsAgain, named}) do redis.call("PERSIST", key) end
redis.call("UNLINK", failedItems, unpack(lines))
for _, object in ipairs(redis.call("HVALS", partsAgain)) do
  redis.call("ZADD", results, "+inf", (storedId(object)))
end
redis.call("ZREM", ended, member)
redis.call("ZREM", storedBatches, storedMember)
redis.call("ZADD", batches, 0, id)
redis.call("ZADD", liveBatches, createdAt, id)
return ${answers.retried}`,
);

/**
 * Has the failed items of a batch tried again.
 * @throws ProblemError `batch_not_repeatable`, `too_many_batches`, `too_much_kept`, `too_much_stored`
 */
export async function retryBatch(redis: Redis, keys: QueueKeys, record: BatchRecord, quotas: Quotas): Promise<void> {
  const { id, createdAt } = record;
  const { tenant } = record.plan;
  const parts = partsOf(record);
  const places = {
    batch: keys.batch(id),
    endedItems: keys.batchEnded(id),
    failedItems: keys.batchFailed(id),
    itemsAgain: keys.batchItemsAgain(id),
    partsAgain: keys.batchPartsAgain(id),
    named: keys.batchUploads(id),
    batches: keys.batches,
    liveBatches: keys.liveBatches(tenant),
    ended: keys.ended,
    storedBatches: keys.endedBatches,
    results: keys.results,
    kept: keptKeys(keys),
    stored: storedKeys(keys),
    lines: Array.from({ length: parts }, (_, part) => keys.batchLines(id, part)),
  };
  const answer = await retry.run(redis, places, {
    id,
    tenant,
    createdAt,
    member: memberOf(tenant, id),
    storedMember: storedBatchMember({ id, parts }),
    maxLive: maxLiveBatches,
    maxKeptBytes: bytesOf(quotas.maxKeptBytes),
    maxStoredBytes: bytesOf(quotas.maxStoredBytes),
  });
  if (answer === answers.retried) return;
  if (answer === answers.tooMany) throw tooManyBatches();
  if (answer === answers.notFailed) throw notRepeatable(unfit(record));
  if (answer === answers.isLive) throw notRepeatable("this one is at work");
  throw refused(answer, quotas);
}

function unfit({ state, failed }: BatchRecord): string {
  if (state !== "finished") return `this one is ${state}`;
  return failed === 0
    ? "none of this one has failed"
    : "which of this one have was not written down by an older version";
}

function notRepeatable(received: string): ProblemError {
  return new ProblemError(
    "batch_not_repeatable",
    `Expected a batch that has finished, with items that failed, but ${received}.`,
  );
}
