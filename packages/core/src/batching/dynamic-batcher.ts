import { DeviceQueue, type Standing } from "./device-queue.js";
import { Turns } from "./turns.js";

/** What one batch did, for metrics. */
export interface BatchTimes {
  /** Items, or calls where these are counted. */
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
  /** How many there may be in a batch. */
  readonly maxBatchSize: number;
  /** What is counted: items, unless told, or the calls that they are of. */
  readonly counted?: "items" | "calls";
  /** A batch of several items weighs no more than `max`; any weight unless told. */
  readonly weight?: { readonly of: (item: Item) => number; readonly max: number };
  /** How long a batch that could start waits for company, in milliseconds. 0 starts at once. */
  readonly maxQueueDelayMs: number;
  /** Where batches of this and other batchers take turns; one of its own unless told. */
  readonly device?: DeviceQueue;
  /** Which of the batchers that wait for the device goes first, of those that are equal else: the lowest. */
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
  /** Whose items they are: each flow gets the same, however many calls it has. */
  readonly flow?: string | undefined;
}

/** The items of one call, and what is known of their results. */
interface Group<Item, Result> {
  readonly items: readonly Item[];
  readonly results: Result[];
  readonly since: number;
  readonly flow: string;
  /** The calls that it takes turns with. */
  readonly among: Turns<Group<Item, Result>>;
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

/** Of a batch with urgent items, how much may be filled with others. */
const shareBesideUrgent = 0.25;
/**
 * Dynamic batching: items of many calls run together. A batch starts as soon as the device is free and an item waits
 * (or `maxQueueDelayMs` later, or when the batch is full), so batches grow with the load by themselves. One batch is
 * in flight at a time.
 *
 * Urgent calls go first. Flows, and the calls of each, take turns within a batch, item by item: one with thousands of items
 * does not hold up one with a single item.
 *
 * A failing batch is halved and tried again, down to single items, so that an item that breaks its batch
 * fails its own call alone. After running out of memory the smaller size is kept, unless an item fails even
 * alone: then it was not the size.
 */
export class DynamicBatcher<Item, Result> {
  /** Calls with waiting items. */
  private readonly urgent = new Turns<Group<Item, Result>>();
  private readonly patient = new Turns<Group<Item, Result>>();
  private waiting = 0;
  private running = false;
  private timer: NodeJS.Timeout | undefined;
  private capacity: number;
  private maxWeight: number;
  private readonly device: DeviceQueue;

  constructor(private readonly options: DynamicBatcherOptions<Item, Result>) {
    this.capacity = options.maxBatchSize;
    this.maxWeight = options.weight?.max ?? Number.POSITIVE_INFINITY;
    this.device = options.device ?? new DeviceQueue();
  }

  /** Resolves to the items' results, in their order; rejects with the error of the first item that fails. */
  async submit(items: readonly Item[], { signal, urgent = false, flow = "" }: CallOptions = {}): Promise<Result[]> {
    signal?.throwIfAborted();
    if (items.length === 0) return [];
    let abort: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const among = urgent ? this.urgent : this.patient;
        const results: Result[] = new Array(items.length);
        const since = performance.now();
        const group = { items, results, since, flow, among, next: 0, missing: items.length, resolve, reject };
        abort = () => this.fail(group, signal?.reason);
        signal?.addEventListener("abort", abort);
        among.add(group, flow);
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
    if (maxQueueDelayMs === 0 || !this.urgent.isEmpty || this.waiting >= this.capacity) this.start();
    else this.timer ??= setTimeout(() => this.start(), maxQueueDelayMs);
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = true;
    const turn = this.device.run(
      () => this.standing(),
      () => this.runNext(),
    );
    void turn.finally(() => {
      this.running = false;
      this.schedule();
    });
  }

  private standing(): Standing {
    const isUrgent = !this.urgent.isEmpty;
    return { isUrgent, flows: (isUrgent ? this.urgent : this.patient).names, rank: this.options.rank ?? 0 };
  }

  private async runNext(): Promise<string[]> {
    const batch = this.takeTurns();
    if (batch.length > 0) await this.runBatch(batch);
    return batch.map(({ group }) => group.flow);
  }

  /** Takes items in turn until the batch is full. */
  private takeTurns(): Slot<Item, Result>[] {
    const batch: Slot<Item, Result>[] = [];
    const calls = new Set<Group<Item, Result>>();
    let weight = 0;
    for (let group = this.next; group; group = this.next) {
      const slot = { group, index: group.next };
      weight += this.weightOf(slot);
      const size = this.countsCalls ? calls.add(group).size : batch.length + 1;
      // What waits with something urgent is not to make it wait for long.
      const share = batch[0]?.group.among === this.urgent && group.among === this.patient ? shareBesideUrgent : 1;
      if (batch.length > 0 && (size > this.capacity * share || weight > this.maxWeight * share)) break;
      group.next++;
      group.among.hadTurn(group, group.flow, { isDone: group.next === group.items.length });
      batch.push(slot);
    }
    this.waiting -= batch.length;
    return batch;
  }

  private get next(): Group<Item, Result> | undefined {
    return this.urgent.next ?? this.patient.next;
  }

  private sizeOf(batch: readonly Slot<Item, Result>[]): number {
    return this.countsCalls ? new Set(batch.map(({ group }) => group)).size : batch.length;
  }

  private get countsCalls(): boolean {
    return this.options.counted === "calls";
  }

  private weightOf({ group, index }: Slot<Item, Result>): number {
    return this.options.weight?.of(group.items[index] as Item) ?? 0;
  }

  /** Whether every item has its result. */
  private async runBatch(batch: readonly Slot<Item, Result>[]): Promise<boolean> {
    const started = performance.now();
    try {
      const results = await this.options.run(batch.map(({ group, index }) => group.items[index] as Item));
      this.options.onBatch?.({
        size: this.sizeOf(batch),
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
    if (fits && isTooLarge) this.keepTo(batch.slice(0, half));
    return fits;
  }

  /** No batch is larger than this one from now on. */
  private keepTo(batch: readonly Slot<Item, Result>[]): void {
    this.capacity = Math.min(this.capacity, this.sizeOf(batch));
    const weight = batch.reduce((sum, slot) => sum + this.weightOf(slot), 0);
    if (this.options.weight) this.maxWeight = Math.min(this.maxWeight, weight);
  }

  /** Rejects a call and forgets its items that still wait. */
  private fail(group: Group<Item, Result>, error: unknown): void {
    if (group.among.delete(group, group.flow)) this.waiting -= group.items.length - group.next;
    group.reject(error);
  }
}

function succeed<Item, Result>({ group, index }: Slot<Item, Result>, result: Result): void {
  group.results[index] = result;
  group.missing--;
  if (group.missing === 0) group.resolve(group.results);
}
