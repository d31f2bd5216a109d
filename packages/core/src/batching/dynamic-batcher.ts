import { DeviceQueue } from "./device-queue.js";

/** What one batch did, for metrics. */
export interface BatchTimes {
  readonly size: number;
  /** The largest batch allowed at the time. */
  readonly capacity: number;
  /** How long the batch's oldest item waited, in milliseconds. */
  readonly waitMs: number;
  readonly runMs: number;
}

export interface DynamicBatcherOptions<Item, Result> {
  /** Runs a batch: as many results as items, in their order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly maxBatchSize: number;
  /** A batch of several items weighs no more than `max`; any weight unless told. */
  readonly weight?: { readonly of: (item: Item) => number; readonly max: number };
  /** How long a batch that could start waits for company, in milliseconds. 0 starts at once. */
  readonly maxQueueDelayMs: number;
  /** Where batches of this and other batchers take turns; one of its own unless told. */
  readonly device?: DeviceQueue;
  /** Which of the batchers that wait for the device goes first: the lowest. One with urgent items goes before all without. */
  readonly rank?: number;
  /** Whether `run` failed because the batch was too large for the device. */
  readonly isOutOfMemory?: (error: unknown) => boolean;
  readonly onBatch?: (times: BatchTimes) => void;
  /** Told of each batch that is halved because the device ran out of memory. */
  readonly onOutOfMemorySplit?: () => void;
}

export interface CallOptions {
  /** Takes back the items that still wait, and rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the items go before those that are not urgent. */
  readonly urgent?: boolean | undefined;
}

/** The items of one call, and what is known of their results. */
interface Group<Item, Result> {
  readonly items: readonly Item[];
  readonly results: Result[];
  readonly since: number;
  /** The calls that it takes turns with. */
  readonly among: Set<Group<Item, Result>>;
  /** The first item that no batch has taken. */
  next: number;
  /** Results still to come. */
  missing: number;
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Slot<Item, Result> {
  readonly group: Group<Item, Result>;
  readonly index: number;
}

/** More than the rank of any batcher. */
const patientRank = 1000;

/**
 * Dynamic batching: items of many calls run together. A batch starts as soon as the device is free and an item waits
 * (or `maxQueueDelayMs` later, or when the batch is full), so batches grow with the load by themselves. One batch is
 * in flight at a time.
 *
 * Urgent calls go first. Calls take turns within a batch, item by item: one with thousands of items does not hold
 * up one with a single item.
 *
 * A failing batch is halved and tried again, down to single items, so that an item that breaks its batch
 * fails its own call alone. After running out of memory the smaller size is kept, unless an item fails even
 * alone: then it was not the size.
 */
export class DynamicBatcher<Item, Result> {
  /** Calls with waiting items, the one whose turn is next first. */
  private readonly urgent = new Set<Group<Item, Result>>();
  private readonly patient = new Set<Group<Item, Result>>();
  private waiting = 0;
  private running = false;
  private timer: NodeJS.Timeout | undefined;
  private capacity: number;
  private readonly device: DeviceQueue;

  constructor(private readonly options: DynamicBatcherOptions<Item, Result>) {
    this.capacity = options.maxBatchSize;
    this.device = options.device ?? new DeviceQueue();
  }

  /** Resolves to the items' results, in their order; rejects with the error of the first item that fails. */
  async submit(items: readonly Item[], { signal, urgent = false }: CallOptions = {}): Promise<Result[]> {
    signal?.throwIfAborted();
    if (items.length === 0) return [];
    let abort: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const among = urgent ? this.urgent : this.patient;
        const results: Result[] = new Array(items.length);
        const since = performance.now();
        const group = { items, results, since, among, next: 0, missing: items.length, resolve, reject };
        abort = () => this.fail(group, signal?.reason);
        signal?.addEventListener("abort", abort);
        among.add(group);
        this.waiting += items.length;
        this.schedule();
      });
    } finally {
      if (abort) signal?.removeEventListener("abort", abort);
    }
  }

  private schedule(): void {
    if (this.running || this.waiting === 0) return;
    const { maxQueueDelayMs } = this.options;
    if (maxQueueDelayMs === 0 || this.urgent.size > 0 || this.waiting >= this.capacity) this.start();
    else this.timer ??= setTimeout(() => this.start(), maxQueueDelayMs);
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = true;
    const { rank = 0 } = this.options;
    const rankNow = () => (this.urgent.size > 0 ? rank : patientRank + rank);
    const turn = this.device.run(rankNow, () => this.runNext());
    void turn.finally(() => {
      this.running = false;
      this.schedule();
    });
  }

  private async runNext(): Promise<void> {
    const batch = this.takeTurns();
    if (batch.length > 0) await this.runBatch(batch);
  }

  /** Takes one item of each call in turn until the batch is full. A call that had its turn goes last. */
  private takeTurns(): Slot<Item, Result>[] {
    const { weight } = this.options;
    const batch: Slot<Item, Result>[] = [];
    let weightLeft = weight?.max ?? 0;
    for (const group of this.inTurn()) {
      if (batch.length === this.capacity) break;
      weightLeft -= weight?.of(group.items[group.next] as Item) ?? 0;
      if (weightLeft < 0 && batch.length > 0) break;
      group.among.delete(group);
      batch.push({ group, index: group.next++ });
      // A set visits what is added while it is walked.
      if (group.next < group.items.length) group.among.add(group);
    }
    this.waiting -= batch.length;
    return batch;
  }

  private *inTurn(): Generator<Group<Item, Result>> {
    yield* this.urgent;
    yield* this.patient;
  }

  /** Whether every item has its result. */
  private async runBatch(batch: readonly Slot<Item, Result>[]): Promise<boolean> {
    const started = performance.now();
    try {
      const results = await this.options.run(batch.map(({ group, index }) => group.items[index] as Item));
      this.options.onBatch?.({
        size: batch.length,
        capacity: this.capacity,
        waitMs: started - Math.min(...batch.map(({ group }) => group.since)),
        runMs: performance.now() - started,
      });
      for (const [i, slot] of batch.entries()) succeed(slot, results[i] as Result);
      return true;
    } catch (error) {
      return await this.retryInHalves(batch, error);
    }
  }

  private async retryInHalves(batch: readonly Slot<Item, Result>[], error: unknown): Promise<boolean> {
    if (batch.length === 1) {
      this.fail(batch[0]!.group, error);
      return false;
    }
    const isTooLarge = this.options.isOutOfMemory?.(error) ?? false;
    if (isTooLarge) this.options.onOutOfMemorySplit?.();
    const half = Math.ceil(batch.length / 2);
    const firstFits = await this.runBatch(batch.slice(0, half));
    const secondFits = await this.runBatch(batch.slice(half));
    const fits = firstFits && secondFits;
    if (fits && isTooLarge) this.capacity = Math.min(this.capacity, half);
    return fits;
  }

  /** Rejects a call and forgets its items that still wait. */
  private fail(group: Group<Item, Result>, error: unknown): void {
    if (group.among.delete(group)) this.waiting -= group.items.length - group.next;
    group.reject(error);
  }
}

function succeed<Item, Result>({ group, index }: Slot<Item, Result>, result: Result): void {
  group.results[index] = result;
  group.missing--;
  if (group.missing === 0) group.resolve(group.results);
}
