import { Places } from "./places.js";

/** Permission to ask an origin once. Exactly one of its functions is to be called, once. */
export interface Pass {
  succeeded(): void;
  /** @param leaveAloneMs How long it asked not to be asked again. */
  failed(leaveAloneMs?: number): void;
  /** It was not asked after all. */
  abandoned(): void;
}

export interface PutAside {
  /** How long to wait before asking again, in milliseconds. */
  readonly waitMs: number;
  /** Whether it is because the origin is in trouble; else others are just being sent. */
  readonly isOpen: boolean;
}

export interface CircuitOptions {
  /** How many requests may be on their way to the origin at once. */
  readonly bound: number;
  readonly now?: () => number;
  readonly random?: () => number;
}

const failuresToOpen = 5;
const firstOpenMs = 5000;
const longestOpenMs = 5 * 60_000;

/**
 * Guards one origin, and the others from it: bounds what is on its way there, and sends nothing for a while after
 * several failures in a row, or when it asked for that, then one request to see how it is. Those that may not pass get
 * places in time.
 */
export class OriginCircuit {
  readonly #bound: number;
  readonly #now: () => number;
  readonly #places: Places;
  #underway = 0;
  #failures = 0;
  #openUntil = 0;
  #openMs = firstOpenMs;
  #leftAloneAt = Number.NEGATIVE_INFINITY;

  constructor({ bound, now = Date.now, random = Math.random }: CircuitOptions) {
    this.#bound = bound;
    this.#now = now;
    this.#places = new Places(bound, now, random);
  }

  /** Whether it is as good as new. */
  get isIdle(): boolean {
    return this.isUnused && this.#failures === 0 && this.#places.isIdle;
  }

  /** Whether nothing is on its way. */
  get isUnused(): boolean {
    return this.#underway === 0;
  }

  enter(): Pass | PutAside {
    if (this.#mayPass()) return this.#pass();
    return { isOpen: this.#failures >= failuresToOpen, waitMs: this.#places.next(this.#openUntil) };
  }

  #mayPass(): boolean {
    if (this.#failures < failuresToOpen) return this.#underway < this.#bound;
    return this.#now() >= this.#openUntil && this.#underway === 0;
  }

  #pass(): Pass {
    const started = this.#now();
    this.#underway += 1;
    const ended = () => {
      this.#underway -= 1;
    };
    return {
      succeeded: () => {
        ended();
        this.#succeeded(started);
      },
      failed: (leaveAloneMs = 0) => {
        ended();
        this.#failed(started, leaveAloneMs);
      },
      abandoned: ended,
    };
  }

  #succeeded(started: number): void {
    this.#places.took(this.#now() - started);
    // What was asked before it wanted to be left alone says nothing new.
    if (started <= this.#leftAloneAt) return;
    this.#failures = 0;
    this.#openUntil = 0;
    this.#openMs = firstOpenMs;
  }

  #failed(started: number, leaveAloneMs: number): void {
    this.#places.took(this.#now() - started);
    this.#failures += 1;
    const now = this.#now();
    if (leaveAloneMs > 0) {
      this.#leftAloneAt = now;
      this.#failures = Math.max(this.#failures, failuresToOpen);
      this.#openUntil = Math.max(this.#openUntil, now + Math.min(leaveAloneMs, longestOpenMs));
      return;
    }
    // What was on its way when it opened says nothing new.
    if (this.#failures < failuresToOpen || now < this.#openUntil) return;
    this.#openUntil = now + this.#openMs;
    this.#openMs = Math.min(2 * this.#openMs, longestOpenMs);
  }
}
