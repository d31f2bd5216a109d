import { type Claim, DeviceQueue, type Standing } from "./device-queue.js";
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
  /** Runs a batch: as many results as items, in their order. Another number of them fails the batch. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** How many items, or calls, there may be in a batch. */
  readonly maxBatchSize: number;
  /** What that counts: items, unless told, or the calls that they are of. */
  readonly maxBatchOf?: "items" | "calls";
  /** A batch of several items weighs no more than `max`; any weight unless told. */
  readonly weight?: { readonly of: (item: Item) => number; readonly max: number };
  /** About how long a batch of several items may take, in milliseconds, going by those before it; any time unless told. */
  readonly maxRunMs?: number | undefined;
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

/** A batch that is being made up. */
interface Draft<Item, Result> {
  readonly slots: Slot<Item, Result>[];
  readonly calls: Set<Group<Item, Result>>;
  weight: number;
  /** What each flow has in it. */
  readonly ofFlows: Map<string, number>;
}

/** Of a batch with urgent items, how much may be filled with others. */
const shareBesideUrgent = 0.25;
/** How much the last batch counts in what batches are taken to cost. */
const shareOfLast = 0.25;

/**
 * Dynamic batching: items of many calls run together. A batch starts as soon as the device is free and an item waits
 * (or `maxQueueDelayMs` later, or when the batch is full), so batches grow with the load by themselves. One batch is
 * in flight at a time.
 *
 * Flows, and the calls of each, take turns within a batch, item by item: one with thousands of items does not hold up one
 * with a single item. Of a flow the urgent calls go first.
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
  /** What an item takes for each unit of its weight, in milliseconds, going by the last batches; 0 before the first. */
  private cost = 0;
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
    let weight = 0;
    const turn = this.device.run(
      () => this.standing(),
      async (claim) => {
        const shares = await this.runNext(claim);
        weight = [...shares.values()].reduce((sum, share) => sum + share, 0);
        return shares;
      },
    );
    void turn.then((milliseconds) => {
      if (weight > 0) this.learnCost(milliseconds / weight);
      this.running = false;
      this.schedule();
    });
  }

  private standing(): Standing {
    const urgent = this.urgent.names.map((flow) => ({ flow, isUrgent: true }));
    const patient = this.patient.names.map((flow) => ({ flow, isUrgent: false }));
    return { claims: [...urgent, ...patient], rank: this.options.rank ?? 0 };
  }

  private async runNext(claim: Claim | undefined): Promise<ReadonlyMap<string, number>> {
    const batch = this.takeTurns(claim);
    if (batch.length > 0) await this.runBatch(batch);
    const shares = new Map<string, number>();
    for (const slot of batch) add(shares, slot.group.flow, this.weightOf(slot));
    return shares;
  }

  /**
   * The first item is one of the claim, whatever it weighs. Then whoever has least in the batch has the next, of what still
   * fits.
   */
  private takeTurns(claim: Claim | undefined): Slot<Item, Result>[] {
    const draft: Draft<Item, Result> = { slots: [], calls: new Set(), weight: 0, ofFlows: new Map() };
    for (let slot = claim && this.first(claim); slot; slot = this.nextFitting(draft)) {
      const { group } = slot;
      draft.slots.push(slot);
      draft.calls.add(group);
      draft.weight += this.weightOf(slot);
      add(draft.ofFlows, group.flow, this.weightOf(slot));
      group.next++;
      group.among.hadTurn(group, group.flow, { isDone: group.next === group.items.length });
    }
    this.waiting -= draft.slots.length;
    return draft.slots;
  }

  private first({ flow, isUrgent }: Claim): Slot<Item, Result> | undefined {
    const group = (isUrgent ? this.urgent : this.patient).headOf(flow);
    return group && slotOf(group);
  }

  private nextFitting(draft: Draft<Item, Result>): Slot<Item, Result> | undefined {
    let next: Slot<Item, Result> | undefined;
    for (const group of [...this.urgent.heads(), ...this.patient.heads()]) {
      const has = draft.ofFlows.get(group.flow) ?? 0;
      const isBehind = !next || has < (draft.ofFlows.get(next.group.flow) ?? 0);
      if (isBehind && this.fits(slotOf(group), draft)) next = slotOf(group);
    }
    return next;
  }

  private fits(slot: Slot<Item, Result>, { slots, calls, weight }: Draft<Item, Result>): boolean {
    const { group } = slot;
    const size = this.countsCalls ? calls.size + (calls.has(group) ? 0 : 1) : slots.length + 1;
    // What waits with something urgent is not to make it wait for long.
    const share = slots[0]?.group.among === this.urgent && group.among === this.patient ? shareBesideUrgent : 1;
    const heavier = weight + this.weightOf(slot);
    const { maxRunMs = Number.POSITIVE_INFINITY } = this.options;
    return (
      size <= this.capacity * share && heavier <= this.maxWeight * share && heavier * this.cost <= maxRunMs * share
    );
  }

  private sizeOf(batch: readonly Slot<Item, Result>[]): number {
    return this.countsCalls ? new Set(batch.map(({ group }) => group)).size : batch.length;
  }

  private get countsCalls(): boolean {
    return this.options.maxBatchOf === "calls";
  }

  private weightOf({ group, index }: Slot<Item, Result>): number {
    return this.options.weight?.of(group.items[index] as Item) ?? 1;
  }

  /** Whether every item has its result. */
  private async runBatch(batch: readonly Slot<Item, Result>[]): Promise<boolean> {
    const started = performance.now();
    try {
      const results = await this.options.run(batch.map(({ group, index }) => group.items[index] as Item));
      if (results.length !== batch.length) {
        throw new Error(`Expected as many results as items, ${batch.length}, but received ${results.length}`);
      }
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

  private learnCost(last: number): void {
    this.cost = this.cost === 0 ? last : this.cost + shareOfLast * (last - this.cost);
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

function slotOf<Item, Result>(group: Group<Item, Result>): Slot<Item, Result> {
  return { group, index: group.next };
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}

function succeed<Item, Result>({ group, index }: Slot<Item, Result>, result: Result): void {
  group.results[index] = result;
  group.missing--;
  if (group.missing === 0) group.resolve(group.results);
}
