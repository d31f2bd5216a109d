import type { ImageRef, Problem, ProblemError } from "@facefleet/contracts";
import type { RedisSettings } from "../../config/index.js";
import type { Logger } from "../../logging/index.js";
import { type FaceQueue, openFaceQueue } from "../jobs/job/face-queue.js";
import { partSize, partThing } from "../ledger/batch-part.js";
import { keptKeys, ledger, ledgerKeys, storedKeys } from "../ledger/ledger.js";
import { takeDue } from "../redis/due.js";
import { QueueKeys } from "../redis/queue-keys.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { clock, full, script } from "../redis/script.js";
import { type KeptText, keptTextOf, type StoredText } from "../results/kept-text.js";
import { type BatchCount, count, countOf } from "./batch-count.js";
import { endOf, finish } from "./batch-end.js";
import { type BatchChunk, expand, expansionOf, faultLine } from "./batch-expansion.js";
import { itemJobId } from "./batch-items.js";
import { lineKeys, writeLine } from "./batch-lines.js";
import { type BatchRecord, itemsWithLines, recordOf } from "./batch-record.js";
import { releaseBatchUploads } from "./batch-uploads.js";
import { isLive } from "./live-batch.js";
import { type StoredBatch, storedBatch, storedBatchMember } from "./stored-batches.js";

/** A part of a batch's results that is in the object store. */
export interface StoredPart {
  readonly bytes: number;
  /** Those of its lines that were there before it. */
  readonly lines: readonly StoredText[];
}

/** How long whoever took a batch has to make a step of it, before it is given to another. */
const leaseMs = 15_000;
/** The same for results that are to be deleted. */
const deletionLeaseMs = 60_000;
/** How long lines can still be read from where they were, once their part is in the object store. */
const storedLinesMs = 60_000;
const linesAtOnce = 16;

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
 * `part`: which one; `thing`: the same on the ledgers; `keepLinesFor`: how long they are still there; `objects`: ids of
 * those of them that are objects of their own. Returns whether the batch is still there.
 */
const markStored = script(
  {
    keys: { batch: "key", lines: "key", results: "key", kept: ledgerKeys, stored: ledgerKeys },
    args: {
      part: "number",
      keepLinesFor: "number",
      thing: "text",
      bytes: "number",
      tenant: "text",
      objects: ["text"],
    },
    uses: [isLive, ledger, full, clock],
  },
  `
evenWhenFull(batch)
local over = whole(now() + keepLinesFor)
for _, object in ipairs(objects) do redis.call("ZADD", results, "XX", over, object) end
takes(kept, thing, 0)
if not isLive(batch) then return redis.call("HEXISTS", batch, "state") end
takes(stored, thing, bytes, tenant)
if tonumber(redis.call("HGET", batch, "stored") or 0) ~= part then return 1 end
redis.call("PEXPIRE", lines, keepLinesFor)
redis.call("HSET", batch, "stored", part + 1)
return 1`,
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
  readonly #connection: RedisConnection;
  /** What is long is read over a connection of its own: nothing else waits behind it. */
  readonly #reader: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #queue: FaceQueue;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#reader = new RedisConnection(settings, { role: "reader", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
    this.#queue = openFaceQueue(this.#connection.client, settings.QUEUE_PREFIX);
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
  listedItems(id: string, from: number, count: number): Promise<ImageRef[]> {
    return this.#attempt(async (redis) => {
      const items = await redis.lrange(this.#keys.batchItems(id), from, from + count - 1);
      return items.map((item) => JSON.parse(item) as ImageRef);
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

  /** Ends an item that was lost, unless it has ended. Returns whether it did. */
  async failItem(id: string, index: number, error: Problem): Promise<boolean> {
    const keys = { ...lineKeys(this.#keys, { id, index }), live: this.#keys.batchLive(id) };
    const args = { index, line: faultLine({ index, error }), jobId: itemJobId(id, index) };
    return (await this.#attempt((redis) => failItem.run(redis, keys, args))) === 1;
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
   * The lines of the next part to be stored, in their order.
   * @throws Error when one is missing: another worker has stored the part, and what it stored must stay
   */
  async *lines(record: BatchRecord): AsyncGenerator<KeptText, void> {
    const { id, stored } = record;
    const key = this.#keys.batchLines(id, stored);
    const end = Math.min(itemsWithLines(record), (stored + 1) * partSize);
    for (let first = stored * partSize; first < end; first += linesAtOnce) {
      const indexes = Array.from({ length: Math.min(linesAtOnce, end - first) }, (_, offset) => String(first + offset));
      const lines = await this.#reader.attempt(() => this.#reader.client.hmget(key, ...indexes));
      if (lines.includes(null)) throw new Error(`Expected every line of part ${stored} but some are gone`);
      for (const line of lines) yield keptTextOf(line!);
    }
  }

  /**
   * To be called once the next part is in the object store. BullMQ forgets the jobs of its items that failed. Returns
   * false when the batch was erased meanwhile, or has expired: nobody will delete the part.
   */
  async partStored({ id, plan, stored }: BatchRecord, part: StoredPart): Promise<boolean> {
    await this.#forgetFailed(id, stored);
    const keys = {
      batch: this.#keys.batch(id),
      lines: this.#keys.batchLines(id, stored),
      results: this.#keys.results,
      kept: keptKeys(this.#keys),
      stored: storedKeys(this.#keys),
    };
    const args = {
      part: stored,
      keepLinesFor: storedLinesMs,
      thing: partThing(id, stored),
      bytes: part.bytes,
      tenant: plan.tenant,
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

  async close(): Promise<void> {
    await this.#queue.close();
    await this.#connection.close();
    await this.#reader.close();
  }

  /** Failed items cannot be tried again: there is no reason to keep them. */
  async #forgetFailed(id: string, part: number): Promise<void> {
    await this.#attempt(async (redis) => {
      const ids = Array.from({ length: partSize }, (_, offset) => itemJobId(id, part * partSize + offset));
      const failed = await redis.zmscore(this.#queue.toKey("failed"), ids);
      await Promise.all(ids.filter((_, offset) => failed[offset] !== null).map((jobId) => this.#queue.remove(jobId)));
    });
  }

  #attempt<T>(commands: (redis: RedisConnection["client"]) => Promise<T>): Promise<T> {
    return this.#connection.attempt(() => commands(this.#connection.client));
  }
}
