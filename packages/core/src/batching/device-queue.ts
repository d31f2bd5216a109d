interface Waiting {
  /** Lower goes first; asked each time the device is free. */
  readonly rank: () => number;
  readonly start: () => void;
}

/**
 * Lets batches of all stages onto a device one at a time: of those that wait, the one with the lowest rank, and of
 * equals the one that came first. What a batch is made of is settled only when its turn comes.
 */
export class DeviceQueue {
  private readonly waiting: Waiting[] = [];
  private busy = false;

  /** Does the work when its turn comes. */
  run<T>(rank: () => number, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ rank, start: () => void this.occupy(work).then(resolve, reject) });
      this.advanceSoon();
    });
  }

  private async occupy<T>(work: () => Promise<T>): Promise<T> {
    this.busy = true;
    try {
      return await work();
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
    const ranks = this.waiting.map(({ rank }) => rank());
    const [next] = this.waiting.splice(ranks.indexOf(Math.min(...ranks)), 1);
    next!.start();
  }
}
