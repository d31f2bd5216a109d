import type { ImageRef, Problem, ProblemError } from "@facefleet/contracts";
import type { RedisSettings } from "../../config/index.js";
import type { Logger } from "../../logging/index.js";
import { takeDue } from "../due.js";
import { type FaceQueue, openFaceQueue } from "../face-queue.js";
import { keptKeys, ledger, partThing, storedKeys } from "../ledger/ledger.js";
import { QueueKeys } from "../queue-keys.js";
import { RedisConnection } from "../redis-connection.js";
import { evenWhenFull, RedisScript } from "../redis-script.js";
import { type KeptText, keptTextOf, type StoredText } from "../results/kept-text.js";
import { releaseBatchUploads } from "../uploads/batch-uploads.js";
import { type BatchCount, count, countOf } from "./batch-count.js";
import { endOf, finish } from "./batch-end.js";
import { type BatchChunk, expand, expansionOf, faultLine } from "./batch-expansion.js";
import { itemJobId } from "./batch-items.js";
import { lineKeys, partSize, writeLine } from "./batch-lines.js";
import { type BatchRecord, itemsWithLines, recordOf } from "./batch-record.js";
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

/** KEYS: batches. ARGV: id, pause in milliseconds. */
const release = new RedisScript<number>(`${evenWhenFull}
local time = redis.call("TIME")
local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
return redis.call("ZADD", KEYS[1], "XX", string.format("%.0f", due), ARGV[1])`);

/** KEYS: those of `writeLine`, live items. ARGV: index, line, id of the job. */
const failItem = new RedisScript<number>(`${writeLine}
redis.call("ZREM", KEYS[4], ARGV[3])
return writeLine(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2], "failed") and 1 or 0`);

/**
 * KEYS: batch, lines of the part, results in the object store, then those of the ledgers. ARGV: part, how long lines are
 * kept, the part as a thing of the ledgers, its bytes, tenant, ids of lines that are objects of their own. Returns whether
 * the batch is still there.
 */
const markStored = new RedisScript<number>(`${isLive}${ledger}${evenWhenFull}
local time = redis.call("TIME")
local over = string.format("%.0f", time[1] * 1000 + ARGV[2])
for index = 6, #ARGV do redis.call("ZADD", KEYS[3], "XX", over, ARGV[index]) end
takes({KEYS[4], KEYS[5]}, ARGV[3], 0)
if not isLive(KEYS[1]) then return redis.call("HEXISTS", KEYS[1], "state") end
takes({KEYS[6], KEYS[7]}, ARGV[3], tonumber(ARGV[4]), ARGV[5])
if (redis.call("HGET", KEYS[1], "stored") or "0") ~= ARGV[1] then return 1 end
redis.call("PEXPIRE", KEYS[2], ARGV[2])
redis.call("HSET", KEYS[1], "stored", ARGV[1] + 1)
return 1`);

/** KEYS: batch. ARGV: how, problem or "". The first reason counts. */
const stop = new RedisScript<number>(`${isLive}${evenWhenFull}
if not isLive(KEYS[1]) then return 0 end
if redis.call("HSETNX", KEYS[1], "stopping", ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= "" then redis.call("HSET", KEYS[1], "error", ARGV[2]) end
return redis.call("HSET", KEYS[1], "setbacks", 0)`);

/** KEYS: batch. ARGV: problem. */
const setBack = new RedisScript<number>(`${isLive}${evenWhenFull}
if not isLive(KEYS[1]) then return 0 end
redis.call("HSET", KEYS[1], "heldUpBy", ARGV[1])
return redis.call("HINCRBY", KEYS[1], "setbacks", 1)`);

/**
 * KEYS: batches in the object store, then those of the ledgers. ARGV: its member of the first, id, its parts as things of
 * the ledger.
 */
const forget = new RedisScript<number>(`${ledger}
redis.call("ZREM", KEYS[1], ARGV[1])
for at = 3, #ARGV do takes({KEYS[4], KEYS[5]}, ARGV[at], 0) end
return takes({KEYS[2], KEYS[3]}, ARGV[2], 0)`);

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
    await this.#run(release, [this.#keys.batches], [id, pauseMs]);
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
    await this.#run(count, keys, args);
  }

  /** Queues items, unless the batch has been stopped or another worker was first. Returns whether it did. */
  async expand(record: BatchRecord, chunk: BatchChunk): Promise<boolean> {
    const { keys, args } = expansionOf(record, chunk, this.#keys, this.#queue);
    return (await this.#run(expand, keys, args)) === 1;
  }

  /** Ends an item that was lost, unless it has ended. Returns whether it did. */
  async failItem(id: string, index: number, error: Problem): Promise<boolean> {
    const keys = [...lineKeys(this.#keys, { id, index }), this.#keys.batchLive(id)];
    const written = await this.#run(failItem, keys, [index, faultLine({ index, error }), itemJobId(id, index)]);
    return written === 1;
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
    const places = [this.#keys.batch(id), this.#keys.batchLines(id, stored), this.#keys.results];
    const keys = [...places, ...keptKeys(this.#keys), ...storedKeys(this.#keys)];
    const objects = part.lines.map((line) => line.id);
    const args = [stored, storedLinesMs, partThing(id, stored), part.bytes, plan.tenant, ...objects];
    return (await this.#run(markStored, keys, args)) === 1;
  }

  /** Lets what is left of a batch be canceled, for a reason of ours. */
  async stop(id: string, error: ProblemError): Promise<void> {
    await this.#run(stop, [this.#keys.batch(id)], ["failed", JSON.stringify(error.toProblem())]);
  }

  /** Counts one more time in a row that a batch could not be worked on, and keeps why. */
  setback(id: string, problem: ProblemError): Promise<number> {
    return this.#run(setBack, [this.#keys.batch(id)], [JSON.stringify(problem.toProblem())]);
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
    await this.#run(finish, keys, args);
  }

  /** Up to `limit` batches whose results are to be deleted; each comes again after a minute unless forgotten. */
  async takeExpired(limit: number): Promise<StoredBatch[]> {
    const members = await this.#attempt((redis) =>
      takeDue(redis, this.#keys.endedBatches, { leaseMs: deletionLeaseMs, limit }),
    );
    return members.map(storedBatch);
  }

  async forget(batch: StoredBatch): Promise<void> {
    const keys = [this.#keys.endedBatches, ...keptKeys(this.#keys), ...storedKeys(this.#keys)];
    const parts = Array.from({ length: batch.parts }, (_, part) => partThing(batch.id, part));
    await this.#run(forget, keys, [storedBatchMember(batch), batch.id, ...parts]);
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

  #run<T>(script: RedisScript<T>, keys: string[], args: (string | number)[]): Promise<T> {
    return this.#attempt((redis) => script.run(redis, keys, args));
  }

  #attempt<T>(commands: (redis: RedisConnection["client"]) => Promise<T>): Promise<T> {
    return this.#connection.attempt(() => commands(this.#connection.client));
  }
}
