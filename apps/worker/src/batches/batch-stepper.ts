import { maxBatchItems, ProblemError } from "@facefleet/contracts";
import {
  type BatchChunk,
  type BatchRecord,
  type BatchSteps,
  type FaceJobs,
  itemsWithLines,
  partSize,
  partsOf,
  type Room,
} from "@facefleet/platform";
import type { BatchResults } from "./batch-results.js";
import type { BatchSource } from "./sources/batch-source.js";
import type { FailedItems } from "./sources/failed-items.js";
import { chunkItem } from "./sources/source-page.js";

export interface BatchStepperParts {
  readonly steps: BatchSteps;
  readonly source: BatchSource;
  readonly failedItems: FailedItems;
  readonly results: BatchResults;
  readonly jobs: Pick<FaceJobs, "cancel">;
  readonly room: Room;
  /** Told of uploads that the batch holds no more. */
  readonly onReleased: (uploads: readonly string[]) => Promise<void>;
  /** Told of how many items were queued. */
  readonly onQueued: (plan: BatchRecord["plan"], jobs: number) => void;
  readonly onEnd: (record: BatchRecord) => void;
}

/**
 * How far a tenant's batches may be together with items that are queued ahead of those whose results are stored: what
 * of them is in Redis at once. Each may be ahead by one part.
 */
const window = 10 * partSize;
/** Of what a tenant may have in Redis, its batches leave the rest to its jobs. */
const batchShare = 0.5;
const countedAtOnce = 1000;
/** More would keep Redis from others for longer. */
const queuedAtOnce = 128;
const canceledAtOnce = 16;
const chunksPerStep = 8;
/** How long to wait where nothing could be done, in milliseconds. */
const idleMs = 500;

/** Takes a batch one step on: whatever was done of a step before a crash is found done. */
export class BatchStepper {
  constructor(private readonly parts: BatchStepperParts) {}

  /**
   * Returns how long to wait before the next step, in milliseconds; undefined when there is none.
   * @throws ProblemError why the batch cannot go on; one that is retryable may go on later
   */
  async step(id: string): Promise<number | undefined> {
    const record = await this.parts.steps.record(id);
    if (!record || record.finishedAt !== undefined) return undefined;
    const pause = await this.#advance(record);
    if (record.setbacks > 0 && pause !== undefined) await this.parts.steps.recovered(id);
    return pause;
  }

  async #advance(record: BatchRecord): Promise<number | undefined> {
    if (record.stopping) await this.#cancelLive(record);
    else if (record.state === "queued") return this.#count(record);
    const queued = await this.#expand(record);
    const stored = await this.#store(record.id);
    const latest = await this.parts.steps.record(record.id);
    if (latest && isComplete(latest)) {
      // Of one that has finished, they are for its failed items to be tried again with.
      if (latest.stopping) await this.#releaseUploads(latest.id);
      await this.parts.source.release(latest);
      await this.parts.steps.finish(latest);
      this.parts.onEnd(latest);
      return undefined;
    }
    return queued + stored > 0 ? 0 : idleMs;
  }

  async #count(record: BatchRecord): Promise<number> {
    const { steps, source } = this.parts;
    if ("items" in record.plan.source) {
      await steps.counted(record, { total: record.total, cursor: "", version: "", isDone: true });
      return 0;
    }
    const { items, uploads, cursor, version, isLast } = await source.read(record, countedAtOnce);
    const total = record.total + items.length;
    if (total > maxBatchItems) {
      throw new ProblemError("batch_too_large", `Expected at most ${maxBatchItems} items but received more.`);
    }
    await steps.counted(record, { total, cursor, version, uploads, isDone: isLast });
    return 0;
  }

  /** Queues the next items, as many as fit the window. Returns how many chunks it was. */
  async #expand(first: BatchRecord): Promise<number> {
    const batches = await this.parts.steps.liveBatches(first.plan.tenant);
    const share = Math.floor(window / Math.max(1, batches));
    let record: BatchRecord | undefined = first;
    for (let chunks = 0; chunks < chunksPerStep; chunks += 1) {
      if (!record || !goesOn(record) || !hasRoom(record, share) || !(await this.#fits(record))) return chunks;
      if (!(await this.#expandChunk(record))) return chunks;
      record = await this.parts.steps.record(record.id);
    }
    return chunksPerStep;
  }

  /** Whether more of a batch may be in Redis. One of which nothing waits there goes on all the same, but slowly. */
  async #fits(record: BatchRecord): Promise<boolean> {
    const { room, steps } = this.parts;
    if (record.stopping) return true;
    if (room.isFull) return false;
    const kept = await steps.keptBytes(record.plan.tenant);
    return kept < batchShare * room.allowance() || !(await steps.hasLiveItems(record.id));
  }

  async #expandChunk(record: BatchRecord): Promise<boolean> {
    const chunk = record.round === 0 ? await this.#nextChunk(record) : await this.#chunkAgain(record);
    const isQueued = await this.parts.steps.expand(record, chunk);
    if (isQueued) this.parts.onQueued(record.plan, chunk.items.filter((item) => !("error" in item)).length);
    return isQueued;
  }

  async #chunkAgain(record: BatchRecord): Promise<BatchChunk> {
    return { ...(await this.parts.failedItems.read(record, queuedAtOnce)), cursor: "" };
  }

  async #nextChunk(record: BatchRecord): Promise<BatchChunk> {
    const { source } = this.parts;
    const page = await source.read(record, Math.min(queuedAtOnce, record.total - record.expanded));
    // What was added to a prefix since it was counted is not part of the batch.
    const items = page.items.slice(0, record.total - record.expanded);
    const expanded = record.expanded + items.length;
    if (page.isLast && expanded < record.total) {
      const detail = `Expected the ${record.total} items that were counted but there are only ${expanded} now.`;
      throw new ProblemError("batch_source_invalid", detail);
    }
    const chunk = items.map((item, offset) => chunkItem(item, record.expanded + offset));
    return { items: chunk, expanded, cursor: page.cursor };
  }

  /** Stores every part that is complete. Returns how many there were. */
  async #store(id: string): Promise<number> {
    for (let parts = 0; ; parts += 1) {
      const record = await this.parts.steps.record(id);
      if (!record || !(await this.parts.results.storeNext(record))) return parts;
    }
  }

  /** Those that items name which were never queued. */
  async #releaseUploads(id: string): Promise<void> {
    for (;;) {
      const released = await this.parts.steps.releaseUploads(id);
      if (released.length === 0) return;
      await this.parts.onReleased(released);
    }
  }

  async #cancelLive({ id, plan }: BatchRecord): Promise<void> {
    const left = await this.parts.steps.liveItems(id);
    const cancelSome = async () => {
      for (let jobId = left.pop(); jobId !== undefined; jobId = left.pop()) {
        const canceled = await this.parts.jobs.cancel(plan.tenant, jobId);
        if (canceled) await this.parts.onReleased(canceled.uploads);
      }
    };
    await Promise.all(Array.from({ length: canceledAtOnce }, cancelSome));
  }
}

/** Of one that is being stopped only what is to be tried again goes on: to keep the lines that it has. */
function goesOn({ stopping, round }: BatchRecord): boolean {
  return stopping === undefined || round > 0;
}

function hasRoom({ expanded, total, stored }: BatchRecord, share: number): boolean {
  return expanded < total && expanded - stored * partSize < Math.max(share, partSize);
}

function isComplete(record: BatchRecord): boolean {
  const isCounted = record.state !== "queued" || record.stopping !== undefined;
  return isCounted && record.expanded >= itemsWithLines(record) && record.stored === partsOf(record);
}
