const windowSeconds = 60;

/** Counts what happened within the last minute, second by second. */
export class JobRate {
  readonly #counts = new Array<number>(windowSeconds).fill(0);
  #second: number;

  constructor(private readonly now: () => number = Date.now) {
    this.#second = this.#secondNow();
  }

  add(): void {
    this.#forget();
    this.#counts[this.#second % windowSeconds]! += 1;
  }

  get perMinute(): number {
    this.#forget();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Empties the seconds that have begun since the last look: they held what was a minute ago. */
  #forget(): void {
    const second = this.#secondNow();
    const begun = Math.min(second - this.#second, windowSeconds);
    for (let ago = 0; ago < begun; ago += 1) this.#counts[(second - ago) % windowSeconds] = 0;
    this.#second = Math.max(second, this.#second);
  }

  #secondNow(): number {
    return Math.floor(this.now() / 1000);
  }
}
