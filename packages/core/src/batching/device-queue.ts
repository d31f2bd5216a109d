/** Whose work waits for the device, and whether it is urgent. */
export interface Claim {
  readonly flow: string;
  readonly isUrgent: boolean;
}

/** Who wants the device; asked for each time the device is free. */
export interface Standing {
  /** None, where all work has been taken back. */
  readonly claims: readonly Claim[];
  /** Of work that is equal else, lower goes first. */
  readonly rank: number;
}

/** Does work, that of a claim first, and resolves to how much each flow had of it. */
type Work = (claim: Claim | undefined) => Promise<ReadonlyMap<string, number>>;

interface Waiting {
  readonly standing: () => Standing;
  readonly start: (claim: Claim | undefined) => void;
}

/** A flow is behind another when it had this much less of the device, in milliseconds. */
const quantumMs = 25;
/** For how long after work that was urgent none is begun ahead, in milliseconds. */
const urgentForMs = 1000;
/** More flows are remembered only while they are ahead of others. */
const mostFlows = 1000;

/**
 * Lets batches of all stages onto a device one at a time: of those that wait that of the flow which has had least of the
 * device (start-time fair queueing, Goyal, Vin and Cheng 1996), then an urgent one, then the one with the lowest rank, and
 * of equals the one that came first. So what is urgent goes before all else of its flow, and of flows that have had as
 * much, but nobody's is put off for ever by another's. What a batch is made of is settled only when its turn comes.
 */
export class DeviceQueue {
  private readonly waiting: Waiting[] = [];
  private begun = 0;
  /** When what was done last was done, and when urgent work last waited, in milliseconds. */
  private doneAt = Number.NEGATIVE_INFINITY;
  private urgentAt = Number.NEGATIVE_INFINITY;
  /** How far the work of each flow has come, in milliseconds of the device. */
  private readonly reached = new Map<string, number>();
  /** How far those had come at least that were last seen to wait: whoever comes anew begins here, and has saved nothing up. */
  private now = 0;
  /** The flows that waited when the device was last free: those keep their places, however far others come meanwhile. */
  private known = new Set<string>();

  /**
   * @param ahead How many batches may be begun while one is still computed, so that the device does not wait for their
   *   input: when nothing has been urgent of late, as that would wait for them, too.
   */
  constructor(private readonly ahead = 0) {}

  /** Does the work when its turn comes. @returns how long the device had it, in milliseconds */
  run(standing: () => Standing, work: Work): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ standing, start: (claim) => void this.occupy(() => work(claim)).then(resolve, reject) });
      this.advanceSoon();
    });
  }

  private async occupy(work: () => ReturnType<Work>): Promise<number> {
    this.begun++;
    const started = performance.now();
    // What may be begun ahead need not wait for an end.
    this.advanceSoon();
    try {
      const shares = await work();
      const now = performance.now();
      const milliseconds = now - Math.max(started, this.doneAt);
      this.charge(shares, milliseconds);
      this.doneAt = now;
      return milliseconds;
    } finally {
      this.begun--;
      this.advanceSoon();
    }
  }

  /** What comes at this same moment, and what follows from the results of the last batch, can still be in the next. */
  private advanceSoon(): void {
    setImmediate(() => this.advance());
  }

  private advance(): void {
    if (this.begun > this.ahead || this.waiting.length === 0) return;
    const standings = this.waiting.map(({ standing }) => standing());
    if (standings.some(({ claims }) => claims.some(({ isUrgent }) => isUrgent))) this.urgentAt = performance.now();
    if (this.begun > 0 && performance.now() - this.urgentAt < urgentForMs) return;
    this.welcome(new Set(standings.flatMap(({ claims }) => claims.map(({ flow }) => flow))));
    const [next] = standings
      .flatMap(({ claims, rank }, index) => {
        const all = claims.length > 0 ? claims : [undefined];
        return all.map((claim) => ({ claim, rank, index, ...this.placeOf(claim) }));
      })
      .sort((a, b) => a.turn - b.turn || a.urgency - b.urgency || a.rank - b.rank || a.index - b.index);
    const [waiting] = this.waiting.splice(next!.index, 1);
    waiting!.start(next!.claim);
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

  private placeOf(claim: Claim | undefined): { turn: number; urgency: number } {
    // What was taken back is over at once, and so goes first.
    if (!claim) return { turn: 0, urgency: 0 };
    const { flow, isUrgent } = claim;
    return { turn: Math.floor((this.reached.get(flow)! - this.now) / quantumMs), urgency: isUrgent ? 0 : 1 };
  }

  private charge(shares: ReadonlyMap<string, number>, milliseconds: number): void {
    const whole = [...shares.values()].reduce((sum, share) => sum + share, 0);
    for (const [flow, share] of shares) {
      this.reached.set(flow, (this.reached.get(flow) ?? this.now) + (milliseconds * share) / whole);
    }
  }
}
