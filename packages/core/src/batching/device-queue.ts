/** Who wants the device, and how much it matters; asked for each time the device is free. */
export interface Standing {
  readonly isUrgent: boolean;
  /** Whose work waits; nobody's, where all has been taken back. */
  readonly flows: readonly string[];
  /** And whose waits besides, for what goes before it. */
  readonly backlog: readonly string[];
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
  /** How far the work of each flow has come, in milliseconds of the device. */
  private readonly reached = new Map<string, number>();
  /** How far those had come at least that were last seen to wait: whoever comes anew begins here, and has saved nothing up. */
  private now = 0;
  /** The flows that waited when the device was last free: those keep their places, however far others come meanwhile. */
  private known = new Set<string>();

  /** Does the work when its turn comes, which resolves to how much of it each flow has had. */
  run(standing: () => Standing, work: () => Promise<ReadonlyMap<string, number>>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ standing, start: () => void this.occupy(work).then(resolve, reject) });
      this.advanceSoon();
    });
  }

  private async occupy(work: () => Promise<ReadonlyMap<string, number>>): Promise<void> {
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
    const standings = this.waiting.map(({ standing }) => standing());
    this.welcome(new Set(standings.flatMap(({ backlog }) => backlog)));
    const [next] = standings
      .map((standing, index) => ({ index, ...this.placeOf(standing) }))
      .sort((a, b) => a.urgency - b.urgency || a.turn - b.turn || a.rank - b.rank || a.index - b.index);
    const [waiting] = this.waiting.splice(next!.index, 1);
    waiting!.start();
  }

  private welcome(flows: Set<string>): void {
    for (const flow of flows) {
      if (!this.known.has(flow)) this.reached.set(flow, Math.max(this.reached.get(flow) ?? 0, this.now));
    }
    this.known = flows;
    if (flows.size > 0) this.now = Math.max(this.now, Math.min(...[...flows].map((flow) => this.reached.get(flow)!)));
    if (this.reached.size <= mostFlows) return;
    for (const [flow, reached] of this.reached) if (reached <= this.now && !flows.has(flow)) this.reached.delete(flow);
  }

  private placeOf({ isUrgent, flows, rank }: Standing) {
    const all = flows.map((flow) => this.reached.get(flow)!);
    const reached = all.length > 0 ? Math.min(...all) : this.now;
    return { urgency: isUrgent ? 0 : 1, reached, turn: Math.floor((reached - this.now) / quantumMs), rank };
  }

  private charge(shares: ReadonlyMap<string, number>, milliseconds: number): void {
    const whole = [...shares.values()].reduce((sum, share) => sum + share, 0);
    for (const [flow, share] of shares) {
      this.reached.set(flow, (this.reached.get(flow) ?? this.now) + (milliseconds * share) / whole);
    }
  }
}
