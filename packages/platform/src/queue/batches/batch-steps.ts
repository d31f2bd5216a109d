import type { BatchItem, LabelledImage, Problem, ProblemError } from "@facefleet/contracts";
import { type FaceQueue, openFaceQueue } from "../jobs/job/face-queue.js";
import { partSize, partThing } from "../ledger/batch-part.js";
import { keptKeys, ledger, ledgerKeys, storedKeys } from "../ledger/ledger.js";
import { takeDue } from "../redis/due.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { clock, full, script } from "../redis/script.js";
import { fieldOf, type KeptText, keptTextOf, type StoredText, storedId } from "../results/kept-text.js";
import { type BatchCount, count, countOf } from "./batch-count.js";
import { endOf, finish } from "./batch-end.js";
import { type BatchChunk, expand, expansionOf, faultLine } from "./batch-expansion.js";
import { indexOfItem, itemJobId, labelled } from "./batch-items.js";
import { lineKeys, writeLine } from "./batch-lines.js";
import { type BatchRecord, itemsWithLines, recordOf } from "./batch-record.js";
import { releaseBatchUploads } from "./batch-uploads.js";
import { ItemsAgain } from "./items-again.js";
import { isLive } from "./live-batch.js";
import { type StoredPart, storedPartOf } from "./part-lines.js";
import { type StoredBatch, storedBatch, storedBatchMember } from "./stored-batches.js";

/** What was stored of a part of a batch's results. */
export interface PutPart {
  readonly bytes: number;
  /** Those of its lines that were there before it. */
  readonly lines: readonly StoredText[];
  /** Where it is, if not under the part's own name. */
  readonly object?: StoredText;
}

/** How long whoever took a batch has to make a step of it, before it is given to another. */
const leaseMs = 15_000;
/** The same for results that are to be deleted. */
const deletionLeaseMs = 60_000;
/** How long lines can still be read from where they were, once their part is in the object store. */
const storedLinesMs = 60_000;
const linesAtOnce = 16;
const noBits = Buffer.alloc(0);

const release = script(
  { keys: { batches: "key" }, args: { id: "text", pause: "number" }, uses: [full, clock] },
  `
evenWhenFull(batches)
return redis.call("ZADD", batches, "XX", whole(now() + pause), id)`,
);

const failItem = script(
  {
    keys: { lines: "key", live: "key" },
    args: { index: "number", line: "text", jobId: "text" },
    uses: [writeLine],
  },
  `
redis.call("ZREM", live, jobId)
return writeLine(lines, index, line, "failed") and 1 or 0`,
);

/**
 * `part`: which one; `thing`: the same on the ledgers; `keepLinesFor`: how long they, and what the part was before, are still
 * there; `objects`: ids of those of them that are objects of their own; `object`: where the part is, if not under its own
 * name. Returns whether what was stored is to stay.
 */
const markStored = script(
  {
    keys: {
      batch: "key",
      partsAgain: "key",
      lines: "key",
      results: "key",
      kept: ledgerKeys,
      stored: ledgerKeys,
    },
    args: {
      round: "number",
      part: "number",
      keepLinesFor: "number",
      thing: "text",
      bytes: "number",
      tenant: "text",
      object: "text?",
      objects: ["text"],
    },
    uses: [isLive, ledger, storedId, full, clock],
  },
  `
local function mayStay()
  if object then return redis.call("HGET", partsAgain, part) == object and 1 or 0 end
  return redis.call("HEXISTS", batch, "state")
end
if tonumber(redis.call("HGET", batch, "round") or 0) ~= round then return mayStay() end
evenWhenFull(batch)
local over = whole(now() + keepLinesFor)
for _, object in ipairs(objects) do redis.call("ZADD", results, "XX", over, object) end
takes(kept, thing, 0)
if not isLive(batch) then return mayStay() end
if not object then takes(stored, thing, bytes, tenant) end
if tonumber(redis.call("HGET", batch, "stored") or 0) ~= part then return mayStay() end
if object then
  local id, before = storedId(object), storedId(redis.call("HGET", partsAgain, part))
  if before then redis.call("ZADD", results, over, before) end
  redis.call("HSET", partsAgain, part, object)
  redis.call("ZADD", results, "+inf", id)
  takes(stored, id, bytes, tenant)
end
redis.call("PEXPIRE", lines, keepLinesFor)
redis.call("HSET", batch, "stored", part + 1)
return 1`,
);

/** Goes on to a later part to be stored: those before it are as they are to be. */
const skip = script(
  { keys: { batch: "key" }, args: { round: "number", part: "number", to: "number" }, uses: [isLive, full] },
  `
evenWhenFull(batch)
local roundNow, at = unpack(redis.call("HMGET", batch, "round", "stored"))
if not isLive(batch) or tonumber(roundNow or 0) ~= round or tonumber(at or 0) ~= part then return 0 end
return redis.call("HSET", batch, "stored", to)`,
);

/** The first reason counts. */
const stop = script(
  { keys: { batch: "key" }, args: { state: "text", problem: "text" }, uses: [isLive, full] },
  `
evenWhenFull(batch)
if not isLive(batch) then return 0 end
if redis.call("HSETNX", batch, "stopping", state) == 0 then return 0 end
redis.call("HSET", batch, "error", problem)
return redis.call("HSET", batch, "setbacks", 0)`,
);

const setBack = script(
  { keys: { batch: "key" }, args: { problem: "text" }, uses: [isLive, full] },
  `
evenWhenFull(batch)
if not isLive(batch) then return 0 end
redis.call("HSET", batch, "heldUpBy", problem)
return redis.call("HINCRBY", batch, "setbacks", 1)`,
);

/** `member`: its name among the batches in the store; `parts`: those of its results, on the ledger. */
const forget = script(
  {
    keys: { storedBatches: "key", kept: ledgerKeys, stored: ledgerKeys },
    args: { id: "text", member: "text", parts: ["text"] },
    uses: [ledger],
  },
  `
redis.call("ZREM", storedBatches, member)
for _, part in ipairs(parts) do takes(stored, part, 0) end
return takes(kept, id, 0)`,
);

/**
 * What a worker does to batches in Redis. Each change is one step that is made once, whoever makes it, however often
 * it is tried: it names where the batch has to be for it.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class BatchSteps {
  readonly #redis: FleetRedis;
  readonly #keys: QueueKeys;
  readonly #queue: FaceQueue;

  constructor(redis: FleetRedis) {
    this.#redis = redis;
    this.#keys = redis.keys;
    this.#queue = openFaceQueue(redis);
  }

  /** Up to `limit` batches that something is to be done for; each comes again after 15 s unless renewed or released. */
  take(limit: number): Promise<string[]> {
    return this.#attempt((redis) => takeDue(redis, this.#keys.batches, { leaseMs, limit }));
  }

  /** Keeps a batch for another 15 s. */
  renew(id: string): Promise<void> {
    return this.release(id, leaseMs);
  }

  async release(id: string, pauseMs: number): Promise<void> {
    await this.#attempt((redis) => release.run(redis, { batches: this.#keys.batches }, { id, pause: pauseMs }));
  }

  /** Takes a batch that is no more off the list. */
  async drop(id: string): Promise<void> {
    await this.#attempt((redis) => redis.zrem(this.#keys.batches, id));
  }

  /** Undefined once the batch has ended and expired, or was erased. */
  record(id: string): Promise<BatchRecord | undefined> {
    return this.#attempt(async (redis) => recordOf(id, await redis.hgetall(this.#keys.batch(id))));
  }

  /** The items, from a position on, that came with the batch's request. */
  listedItems(id: string, from: number, count: number): Promise<LabelledImage[]> {
    return this.#attempt(async (redis) => {
      const items = await redis.lrange(this.#keys.batchItems(id), from, from + count - 1);
      return items.map((item) => labelled(JSON.parse(item) as BatchItem));
    });
  }

  /** Writes down what a page of the source had, once. */
  async counted(record: BatchRecord, counted: BatchCount): Promise<void> {
    const { keys, args } = countOf(record, counted, this.#keys);
    await this.#attempt((redis) => count.run(redis, keys, args));
  }

  /** Queues items, unless the batch has been stopped or another worker was first. Returns whether it did. */
  async expand(record: BatchRecord, chunk: BatchChunk): Promise<boolean> {
    const { keys, args } = expansionOf(record, chunk, this.#keys, this.#queue);
    return (await this.#attempt((redis) => expand.run(redis, keys, args))) === 1;
  }

  /**
   * Ends an item whose job was lost, unless it has ended. What the item was is known where it came with the batch's request,
   * in the batch's first round; any other stays failed. Returns whether it did.
   */
  async failItem(id: string, jobId: string, error: Problem): Promise<boolean> {
    const index = indexOfItem(jobId);
    const [item] = await this.listedItems(id, index, 1);
    const keys = { ...lineKeys(this.#keys, { id, index }), live: this.#keys.batchLive(id) };
    const args = { index, line: faultLine({ index, ...item, error }), jobId };
    return (await this.#attempt((redis) => failItem.run(redis, keys, args))) === 1;
  }

  /** Whether there are items of a batch that are queued and have not ended. */
  async hasLiveItems(id: string): Promise<boolean> {
    return (await this.#attempt((redis) => redis.zcard(this.#keys.batchLive(id)))) > 0;
  }

  /** The ids of the jobs of a batch's items that have not ended. */
  liveItems(id: string): Promise<string[]> {
    return this.#attempt((redis) => redis.zrange(this.#keys.batchLive(id), "0", "-1"));
  }

  /** Whether every item of the next part to be stored has ended. */
  async isPartComplete(record: BatchRecord): Promise<boolean> {
    const first = record.stored * partSize;
    const items = Math.min(itemsWithLines(record), first + partSize) - first;
    if (items <= 0 || record.expanded < first + items) return false;
    const bytes = [first / 8, first / 8 + partSize / 8 - 1] as const;
    const ended = await this.#attempt((redis) => redis.bitcount(this.#keys.batchEnded(record.id), ...bytes));
    return ended === items;
  }

  /**
   * The lines of the next part to be stored, in their order; undefined for those that stay as they are, in a round in which
   * failed items are tried again.
   * @throws Error when one is missing: another worker has stored the part, and what it stored must stay
   */
  async *lines(record: BatchRecord): AsyncGenerator<KeptText | undefined, void> {
    const { id, stored, round } = record;
    const key = this.#keys.batchLines(id, stored);
    const again = round > 0 ? await this.itemsAgain(id) : undefined;
    const end = Math.min(itemsWithLines(record), (stored + 1) * partSize);
    for (let first = stored * partSize; first < end; first += linesAtOnce) {
      const indexes = Array.from({ length: Math.min(linesAtOnce, end - first) }, (_, offset) => first + offset);
      const { longReads } = this.#redis;
      const lines = await longReads.attempt(() => longReads.client.hmget(key, ...indexes.map(String)));
      const staysAsItIs = (place: number) => again !== undefined && !again.has(indexes[place]!);
      if (lines.some((line, place) => line === null && !staysAsItIs(place))) {
        throw new Error(`Expected every line of part ${stored} but some are gone`);
      }
      for (const [place, line] of lines.entries()) yield staysAsItIs(place) ? undefined : keptTextOf(line!);
    }
  }

  /** Which items are tried again, in a round in which some are. */
  itemsAgain(id: string): Promise<ItemsAgain> {
    return this.#attempt(
      async (redis) => new ItemsAgain((await redis.getBuffer(this.#keys.batchItemsAgain(id))) ?? noBits),
    );
  }

  /** Where a part is in the object store that was stored in an earlier round. */
  storedPart(id: string, part: number): Promise<StoredPart> {
    return this.#attempt(async (redis) => storedPartOf(await redis.hget(this.#keys.batchPartsAgain(id), `${part}`)));
  }

  /** Goes on to the part `to`, in a round in which those before it have no item that is tried again. */
  async skipParts({ id, round, stored }: BatchRecord, to: number): Promise<void> {
    await this.#attempt((redis) => skip.run(redis, { batch: this.#keys.batch(id) }, { round, part: stored, to }));
  }

  /**
   * To be called once the next part is in the object store. BullMQ forgets the jobs of its items that failed. Returns
   * false for what nobody else will delete: the batch was erased meanwhile, or has expired, or has the part elsewhere.
   */
  async partStored(record: BatchRecord, part: PutPart): Promise<boolean> {
    const { id, plan, stored, round } = record;
    await this.#forgetFailed(record);
    const keys = {
      batch: this.#keys.batch(id),
      partsAgain: this.#keys.batchPartsAgain(id),
      lines: this.#keys.batchLines(id, stored),
      results: this.#keys.results,
      kept: keptKeys(this.#keys),
      stored: storedKeys(this.#keys),
    };
    const args = {
      round,
      part: stored,
      keepLinesFor: storedLinesMs,
      thing: partThing(id, stored),
      bytes: part.bytes,
      tenant: plan.tenant,
      object: part.object && fieldOf(part.object),
      objects: part.lines.map((line) => line.id),
    };
    return (await this.#attempt((redis) => markStored.run(redis, keys, args))) === 1;
  }

  /** Lets what is left of a batch be canceled, for a reason of ours. */
  async stop(id: string, error: ProblemError): Promise<void> {
    const args = { state: "failed", problem: JSON.stringify(error.toProblem()) };
    await this.#attempt((redis) => stop.run(redis, { batch: this.#keys.batch(id) }, args));
  }

  /** Counts one more time in a row that a batch could not be worked on, and keeps why. */
  setback(id: string, problem: ProblemError): Promise<number> {
    const args = { problem: JSON.stringify(problem.toProblem()) };
    return this.#attempt((redis) => setBack.run(redis, { batch: this.#keys.batch(id) }, args));
  }

  async recovered(id: string): Promise<void> {
    await this.#attempt((redis) => redis.hdel(this.#keys.batch(id), "setbacks", "heldUpBy"));
  }

  /**
   * To be called before a batch is finished, until there are none left: releases some of the uploads that it still holds.
   * Returns them.
   */
  releaseUploads(id: string): Promise<string[]> {
    return this.#attempt((redis) => releaseBatchUploads(redis, this.#keys, id));
  }

  /** Ends a batch all of whose parts are stored, and lets its webhook know. */
  async finish(record: BatchRecord): Promise<void> {
    const { keys, args } = endOf(record, this.#keys);
    await this.#attempt((redis) => finish.run(redis, keys, args));
  }

  /** Up to `limit` batches whose results are to be deleted; each comes again after a minute unless forgotten. */
  async takeExpired(limit: number): Promise<StoredBatch[]> {
    const members = await this.#attempt((redis) =>
      takeDue(redis, this.#keys.endedBatches, { leaseMs: deletionLeaseMs, limit }),
    );
    return members.map(storedBatch);
  }

  async forget(batch: StoredBatch): Promise<void> {
    const keys = {
      storedBatches: this.#keys.endedBatches,
      kept: keptKeys(this.#keys),
      stored: storedKeys(this.#keys),
    };
    const parts = Array.from({ length: batch.parts }, (_, part) => partThing(batch.id, part));
    const args = { id: batch.id, member: storedBatchMember(batch), parts };
    await this.#attempt((redis) => forget.run(redis, keys, args));
  }

  /** How many bytes a tenant has in Redis. */
  async keptBytes(tenant: string): Promise<number> {
    return Number((await this.#attempt((redis) => redis.hget(this.#keys.keptBytes, tenant))) ?? 0);
  }

  /** How many batches of a tenant have not ended. */
  liveBatches(tenant: string): Promise<number> {
    return this.#attempt((redis) => redis.zcard(this.#keys.liveBatches(tenant)));
  }

  /** Failed items are tried again as other jobs: there is no reason to keep these. */
  async #forgetFailed({ id, stored, round }: BatchRecord): Promise<void> {
    await this.#attempt(async (redis) => {
      const ids = Array.from({ length: partSize }, (_, offset) => itemJobId(id, stored * partSize + offset, round));
      const failed = await redis.zmscore(this.#queue.toKey("failed"), ids);
      await Promise.all(ids.filter((_, offset) => failed[offset] !== null).map((jobId) => this.#queue.remove(jobId)));
    });
  }

  #attempt<T>(commands: (redis: RedisConnection["client"]) => Promise<T>): Promise<T> {
    const connection = this.#redis.commands;
    return connection.attempt(() => commands(connection.client));
  }
}
