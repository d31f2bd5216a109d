export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly random?: () => number;
}

/** How much earlier than its time a pause may end, so that those that failed together do not come together. */
const jitter = 0.25;

/** Pauses between tries of what fails: each longer than the one before, up to a limit. */
export class Backoff {
  #failures = 0;

  constructor(private readonly options: BackoffOptions) {}

  get longestMs(): number {
    return this.options.longestMs;
  }

  /** How often it has failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** To be called after each failure; how long to wait, in milliseconds. */
  next(): number {
    const { firstMs, longestMs, random = Math.random } = this.options;
    const pause = Math.min(firstMs * 2 ** Math.min(this.#failures, 30), longestMs);
    this.#failures += 1;
    return Math.round(pause * (1 - jitter * random()));
  }

  /** To be called after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
