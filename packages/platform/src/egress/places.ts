const shortestWaitMs = 250;
const longestWaitMs = 5 * 60_000;
/** How much the newest duration counts in the usual one. */
const newest = 0.2;

/**
 * Gives those that may not pass now different places in time, as far apart as the others usually take, so that those for
 * something slow do not come again and again.
 */
export class Places {
  #nextPlace = 0;
  #usualMs = 40;

  /** @param bound How many pass at once. */
  constructor(
    private readonly bound: number,
    private readonly now: () => number = Date.now,
    private readonly random: () => number = Math.random,
  ) {}

  /** Whether nobody who was given a place may still come. */
  get isIdle(): boolean {
    return this.#nextPlace <= this.now();
  }

  took(milliseconds: number): void {
    this.#usualMs += newest * (milliseconds - this.#usualMs);
  }

  /** How long the next one is to wait, in milliseconds. */
  next(earliest = 0): number {
    const now = this.now();
    const place = Math.max(this.#nextPlace, earliest, now + shortestWaitMs);
    if (place > now + longestWaitMs) return Math.round(longestWaitMs * (0.5 + 0.5 * this.random()));
    this.#nextPlace = place + this.#usualMs / this.bound;
    return Math.round(place - now);
  }
}
