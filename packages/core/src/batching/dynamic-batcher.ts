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
  /** How long a batch that could start waits for company, in milliseconds. 0 starts at once. */
  readonly maxQueueDelayMs: number;
  /** Whether `run` failed because the batch was too large for the device. */
  readonly isOutOfMemory?: (error: unknown) => boolean;
  readonly onBatch?: (times: BatchTimes) => void;
}

/** The items of one call, and what is known of their results. */
interface Group<Item, Result> {
  readonly items: readonly Item[];
  readonly results: Result[];
  readonly since: number;
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

/**
 * Dynamic batching: items of many calls run together. A batch starts as soon as the one before has ended
 * and an item waits (or `maxQueueDelayMs` later, or when the batch is full), so batches grow with the load
 * by themselves. One batch is in flight at a time.
 *
 * Calls take turns within a batch, item by item: one with thousands of items does not hold up one with a
 * single item.
 *
 * A failing batch is halved and tried again, down to single items, so that an item that breaks its batch
 * fails its own call alone. After running out of memory the smaller size is kept, unless an item fails even
 * alone: then it was not the size.
 */
export class DynamicBatcher<Item, Result> {
  /** Calls with waiting items, the one whose turn is next first. */
  private readonly groups = new Set<Group<Item, Result>>();
  private waiting = 0;
  private running = false;
  private timer: NodeJS.Timeout | undefined;
  private capacity: number;

  constructor(private readonly options: DynamicBatcherOptions<Item, Result>) {
    this.capacity = options.maxBatchSize;
  }

  /**
   * Resolves to the items' results, in their order; rejects with the error of the first item that fails.
   *
   * @param signal Takes back the items that still wait, and rejects with its reason.
   */
  async submit(items: readonly Item[], signal?: AbortSignal): Promise<Result[]> {
    signal?.throwIfAborted();
    if (items.length === 0) return [];
    let abort: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const results: Result[] = new Array(items.length);
        const since = performance.now();
        const group = { items, results, since, next: 0, missing: items.length, resolve, reject };
        abort = () => this.fail(group, signal?.reason);
        signal?.addEventListener("abort", abort);
        this.groups.add(group);
        this.waiting += items.length;
        this.schedule();
      });
    } finally {
      if (abort) signal?.removeEventListener("abort", abort);
    }
  }

  private schedule(): void {
    if (this.running || this.waiting === 0) return;
    if (this.waiting >= this.capacity) this.start();
    else this.timer ??= setTimeout(() => this.start(), this.options.maxQueueDelayMs);
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.takeTurns();
    if (batch.length === 0) return;
    this.running = true;
    void this.runBatch(batch).finally(() => {
      this.running = false;
      this.schedule();
    });
  }

  /** Takes one item of each call in turn until the batch is full. A call that had its turn goes last. */
  private takeTurns(): Slot<Item, Result>[] {
    const batch: Slot<Item, Result>[] = [];
    for (const group of this.groups) {
      if (batch.length === this.capacity) break;
      this.groups.delete(group);
      batch.push({ group, index: group.next++ });
      // A set visits what is added while it is walked.
      if (group.next < group.items.length) this.groups.add(group);
    }
    this.waiting -= batch.length;
    return batch;
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
    const half = Math.ceil(batch.length / 2);
    const firstFits = await this.runBatch(batch.slice(0, half));
    const secondFits = await this.runBatch(batch.slice(half));
    const fits = firstFits && secondFits;
    if (fits && this.options.isOutOfMemory?.(error)) this.capacity = Math.min(this.capacity, half);
    return fits;
  }

  /** Rejects a call and forgets its items that still wait. */
  private fail(group: Group<Item, Result>, error: unknown): void {
    if (this.groups.delete(group)) this.waiting -= group.items.length - group.next;
    group.reject(error);
  }
}

function succeed<Item, Result>({ group, index }: Slot<Item, Result>, result: Result): void {
  group.results[index] = result;
  group.missing--;
  if (group.missing === 0) group.resolve(group.results);
}
