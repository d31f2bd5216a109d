/** Who wants the device, and how much it matters; asked for each time the device is free. */
export interface Standing {
  readonly isUrgent: boolean;
  /** Whose work waits. */
  readonly flows: Iterable<string>;
  /** Of work that is equal else, lower goes first. */
  readonly rank: number;
}

interface Waiting {
  readonly standing: () => Standing;
  readonly start: () => void;
}

/** A flow is behind another when it had this much less of the device, in milliseconds. */
const quantumMs = 25;
/** More flows are remembered only while they are ahead of others. */
const mostFlows = 1000;

/**
 * Lets batches of all stages onto a device one at a time: of those that wait an urgent one, then that of the flow which has
 * had least of the device (start-time fair queueing, Goyal, Vin and Cheng 1996), then the one with the lowest rank, and of
 * equals the one that came first. What a batch is made of is settled only when its turn comes.
 */
export class DeviceQueue {
  private readonly waiting: Waiting[] = [];
  private busy = false;
  /** How far each flow's work has come, in milliseconds of the device. */
  private readonly reached = new Map<string, number>();
  /** How far that of the last batch had: whoever comes anew begins here, and has saved nothing up. */
  private now = 0;

  /** Does the work when its turn comes, which resolves to the flow of each of its items. */
  run(standing: () => Standing, work: () => Promise<readonly string[]>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ standing, start: () => void this.occupy(work).then(resolve, reject) });
      this.advanceSoon();
    });
  }

  private async occupy(work: () => Promise<readonly string[]>): Promise<void> {
    this.busy = true;
    const started = performance.now();
    try {
      this.charge(await work(), performance.now() - started);
    } finally {
      this.busy = false;
      this.advanceSoon();
    }
  }

  /** What comes at this same moment, and what follows from the results of the last batch, can still be in the next. */
  private advanceSoon(): void {
    setImmediate(() => this.advance());
  }

  private advance(): void {
    if (this.busy || this.waiting.length === 0) return;
    const [next] = this.waiting
      .map((waiting, index) => ({ waiting, index, ...this.placeOf(waiting.standing()) }))
      .sort((a, b) => a.urgency - b.urgency || a.turn - b.turn || a.rank - b.rank || a.index - b.index);
    this.now = Math.max(this.now, next!.reached);
    this.waiting.splice(next!.index, 1);
    next!.waiting.start();
  }

  private placeOf({ isUrgent, flows, rank }: Standing) {
    const reached = Math.min(...[...flows].map((flow) => this.reachedBy(flow)));
    return { urgency: isUrgent ? 0 : 1, reached, turn: Math.floor((reached - this.now) / quantumMs), rank };
  }

  private reachedBy(flow: string): number {
    return Math.max(this.reached.get(flow) ?? 0, this.now);
  }

  private charge(flows: readonly string[], milliseconds: number): void {
    for (const flow of flows) this.reached.set(flow, this.reachedBy(flow) + milliseconds / flows.length);
    if (this.reached.size <= mostFlows) return;
    for (const [flow, reached] of this.reached) if (reached <= this.now) this.reached.delete(flow);
  }
}
