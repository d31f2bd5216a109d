/** Repeats work that never rejects, one run at a time, until it is stopped. */
export class Periodic {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {}

  /** Whether a run that is under way should come to its end. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The first run is after the first pause. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.work());
    }, this.everyMs);
  }

  /** Resolves once the run that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }
}
