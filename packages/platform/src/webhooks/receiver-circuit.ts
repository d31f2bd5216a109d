/** Permission to send to a receiver once. Exactly one of its functions is to be called, once. */
export interface Pass {
  succeeded(): void;
  failed(): void;
  /** The receiver was not asked after all. */
  abandoned(): void;
}

/** How long an event is to be put aside, in milliseconds. */
export interface PutAside {
  readonly waitMs: number;
}

export interface CircuitOptions {
  /** How many events may be on their way to the receiver at once. */
  readonly bound: number;
  readonly now?: () => number;
  readonly random?: () => number;
}

const failuresToOpen = 5;
const firstOpenMs = 5000;
const longestOpenMs = 5 * 60_000;
const shortestWaitMs = 250;
const longestWaitMs = 5 * 60_000;
/** How much the newest duration counts in the usual one. */
const newest = 0.2;

/**
 * Guards one receiver, and the others from it: bounds what is on its way there, and sends nothing for a while after
 * several failures in a row, then one event to see how it is. Events that may not pass get different places in time,
 * as far apart as the receiver usually takes, so that those of a slow one do not come again and again.
 */
export class ReceiverCircuit {
  readonly #bound: number;
  readonly #now: () => number;
  readonly #random: () => number;
  #underway = 0;
  #failures = 0;
  #openUntil = 0;
  #openMs = firstOpenMs;
  #nextPlace = 0;
  #usualMs = 40;

  constructor({ bound, now = Date.now, random = Math.random }: CircuitOptions) {
    this.#bound = bound;
    this.#now = now;
    this.#random = random;
  }

  /** Whether it is as good as new. */
  get isIdle(): boolean {
    return this.isUnused && this.#failures === 0 && this.#nextPlace <= this.#now();
  }

  /** Whether nothing is on its way. */
  get isUnused(): boolean {
    return this.#underway === 0;
  }

  enter(): Pass | PutAside {
    return this.#mayPass() ? this.#pass() : { waitMs: this.#place() };
  }

  #mayPass(): boolean {
    if (this.#failures < failuresToOpen) return this.#underway < this.#bound;
    return this.#now() >= this.#openUntil && this.#underway === 0;
  }

  #pass(): Pass {
    const started = this.#now();
    this.#underway += 1;
    const end = (verdict: () => void) => () => {
      this.#underway -= 1;
      verdict();
    };
    return {
      succeeded: end(() => this.#succeeded(started)),
      failed: end(() => this.#failed(started)),
      abandoned: end(() => undefined),
    };
  }

  #succeeded(started: number): void {
    this.#took(started);
    this.#failures = 0;
    this.#openUntil = 0;
    this.#openMs = firstOpenMs;
  }

  #failed(started: number): void {
    this.#took(started);
    this.#failures += 1;
    const now = this.#now();
    // What was on its way when it opened says nothing new.
    if (this.#failures < failuresToOpen || now < this.#openUntil) return;
    this.#openUntil = now + this.#openMs;
    this.#openMs = Math.min(2 * this.#openMs, longestOpenMs);
  }

  #took(started: number): void {
    this.#usualMs += newest * (this.#now() - started - this.#usualMs);
  }

  #place(): number {
    const now = this.#now();
    const place = Math.max(this.#nextPlace, this.#openUntil, now + shortestWaitMs);
    if (place > now + longestWaitMs) return Math.round(longestWaitMs * (0.5 + 0.5 * this.#random()));
    this.#nextPlace = place + this.#usualMs / this.#bound;
    return Math.round(place - now);
  }
}
