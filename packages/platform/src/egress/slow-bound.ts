import { Places } from "./places.js";

/** How long a request may take before it counts as slow, in milliseconds. */
const slowAfterMs = 1000;

/**
 * Bounds how many slow requests of one tenant are on their way at once, whatever their origins: it is not to hold all the
 * places that tenants share with hosts that do not answer.
 */
export class SlowBound {
  readonly #started = new Map<object, number>();
  readonly #places: Places;

  constructor(
    private readonly bound: number,
    private readonly now: () => number = Date.now,
  ) {
    this.#places = new Places(bound, now);
  }

  /** Whether it is as good as new. */
  get isIdle(): boolean {
    return this.#started.size === 0 && this.#places.isIdle;
  }

  /** How long to wait, in milliseconds, when there are too many. */
  get waitMs(): number | undefined {
    const since = this.now() - slowAfterMs;
    const slow = [...this.#started.values()].filter((started) => started <= since).length;
    return slow < this.bound ? undefined : this.#places.next();
  }

  /** To be called with each request when it begins, and with the same when it has ended. */
  began(request: object): void {
    this.#started.set(request, this.now());
  }

  ended(request: object): void {
    const started = this.#started.get(request);
    if (started !== undefined) this.#places.took(this.now() - started);
    this.#started.delete(request);
  }
}
