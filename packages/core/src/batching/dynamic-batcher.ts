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
  /** Batches that may run at the same time; 1 unless told. */
  readonly maxInFlight?: number;
  /** How long the first waiting item may wait for company, in milliseconds. 0 starts at once. */
  readonly maxQueueDelayMs: number;
  /** Whether `run` failed because the batch was too large for the device. */
  readonly isOutOfMemory?: (error: unknown) => boolean;
  readonly onBatch?: (times: BatchTimes) => void;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Dynamic batching: items submitted one by one run together. A batch starts as soon as an item waits and
 * no more than `maxInFlight` run (or `maxQueueDelayMs` later, or when the batch is full), so batches grow
 * with the load by themselves.
 *
 * Groups take turns within a batch, item by item: one group with hundreds of items does not hold up a
 * group with one.
 *
 * A failing batch is halved and tried again, down to single items, so that an item that breaks its batch
 * fails alone. After running out of memory the smaller size is kept.
 */
export class DynamicBatcher<Item, Result> {
  private readonly groups = new Map<unknown, Waiting<Item, Result>[]>();
  private waiting = 0;
  private running = 0;
  private timer: NodeJS.Timeout | undefined;
  private capacity: number;

  constructor(private readonly options: DynamicBatcherOptions<Item, Result>) {
    this.capacity = options.maxBatchSize;
  }

  /**
   * @param group Items of one group share its turns; a group of its own by default.
   * @param signal Takes the item back while it waits. Once its batch runs, it runs to the end.
   */
  submit(item: Item, { group = {}, signal }: { group?: unknown; signal?: AbortSignal } = {}): Promise<Result> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const entry = { item, since: performance.now(), resolve, reject };
      const queue = this.groups.get(group);
      if (queue) queue.push(entry);
      else this.groups.set(group, [entry]);
      this.waiting++;
      signal?.addEventListener("abort", () => this.withdraw(group, entry, signal.reason), { once: true });
      this.schedule();
    });
  }

  private withdraw(group: unknown, entry: Waiting<Item, Result>, reason: unknown): void {
    const queue = this.groups.get(group);
    const index = queue?.indexOf(entry) ?? -1;
    if (!queue || index < 0) return;
    queue.splice(index, 1);
    if (queue.length === 0) this.groups.delete(group);
    this.waiting--;
    entry.reject(reason);
  }

  private schedule(): void {
    if (this.running >= (this.options.maxInFlight ?? 1) || this.waiting === 0) return;
    if (this.waiting >= this.capacity) this.start();
    else this.timer ??= setTimeout(() => this.start(), this.options.maxQueueDelayMs);
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.takeTurns();
    if (batch.length === 0) return;
    this.running++;
    void this.runBatch(batch).finally(() => {
      this.running--;
      this.schedule();
    });
  }

  /** Takes one item of each group in turn until the batch is full. A group that had its turn goes last. */
  private takeTurns(): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    while (batch.length < this.capacity && this.waiting > 0) {
      const [group, queue] = this.groups.entries().next().value as [unknown, Waiting<Item, Result>[]];
      batch.push(queue.shift()!);
      this.waiting--;
      this.groups.delete(group);
      if (queue.length > 0) this.groups.set(group, queue);
    }
    return batch;
  }

  private async runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const started = performance.now();
    try {
      const results = await this.options.run(batch.map(({ item }) => item));
      this.options.onBatch?.({
        size: batch.length,
        capacity: this.capacity,
        waitMs: started - Math.min(...batch.map(({ since }) => since)),
        runMs: performance.now() - started,
      });
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
    } catch (error) {
      await this.retryInHalves(batch, error);
    }
  }

  private async retryInHalves(batch: readonly Waiting<Item, Result>[], error: unknown): Promise<void> {
    if (batch.length === 1) {
      batch[0]!.reject(error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    if (this.options.isOutOfMemory?.(error)) this.capacity = Math.min(this.capacity, half);
    await this.runBatch(batch.slice(0, half));
    await this.runBatch(batch.slice(half));
  }
}
