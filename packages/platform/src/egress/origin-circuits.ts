import { type CircuitOptions, OriginCircuit, type Pass, type PutAside } from "./origin-circuit.js";
import { SlowBound } from "./slow-bound.js";

/** More are kept only while something is on its way to each. */
const mostKept = 10_000;

export interface OriginCircuitsOptions extends Pick<CircuitOptions, "now"> {
  /** How many requests are on their way at once, whosever they are. */
  readonly concurrency: number;
}

/** Of the concurrency, what one origin gets of one tenant. */
const originShare = 0.25;

/**
 * The circuits of all origins that this process has lately asked, one for each tenant and origin, and for each tenant the
 * bound on what is slow, whatever its origin: as much as is on its way at once.
 */
export class OriginCircuits {
  readonly #circuits = new Map<string, OriginCircuit>();
  readonly #slow = new Map<string, SlowBound>();

  constructor(private readonly options: OriginCircuitsOptions) {}

  enter(tenant: string, url: string): Pass | PutAside {
    const { concurrency, now } = this.options;
    const slow = this.#slow.get(tenant) ?? new SlowBound(concurrency, now);
    const { waitMs } = slow;
    if (waitMs !== undefined) return { waitMs, isOpen: false };
    const entry = this.#circuit(tenant, url).enter();
    if ("waitMs" in entry) return entry;
    this.#slow.set(tenant, slow);
    slow.began(entry);
    return onceEnded(entry, () => {
      slow.ended(entry);
      if (slow.isIdle) this.#slow.delete(tenant);
    });
  }

  get size(): number {
    return this.#circuits.size;
  }

  #circuit(tenant: string, url: string): OriginCircuit {
    const key = `${tenant} ${originOf(url)}`;
    const circuit = this.#circuits.get(key) ?? this.#newCircuit();
    // The latest is last.
    this.#circuits.delete(key);
    this.#forget();
    this.#circuits.set(key, circuit);
    return circuit;
  }

  #newCircuit(): OriginCircuit {
    const { concurrency, now } = this.options;
    return new OriginCircuit({ bound: Math.max(1, Math.floor(concurrency * originShare)), ...(now && { now }) });
  }

  /** Drops the oldest that are as good as new, and when there are too many also one that is not. */
  #forget(): void {
    for (const [key, circuit] of this.#circuits) {
      const isSpare = this.#circuits.size >= mostKept && circuit.isUnused;
      if (!circuit.isIdle && !isSpare) return;
      this.#circuits.delete(key);
    }
  }
}

/** Whichever way it ends. */
function onceEnded({ succeeded, failed, abandoned }: Pass, ended: () => void): Pass {
  return {
    succeeded: () => {
      ended();
      succeeded();
    },
    failed: (leaveAloneMs) => {
      ended();
      failed(leaveAloneMs);
    },
    abandoned: () => {
      ended();
      abandoned();
    },
  };
}

/** Scheme, host and port: all of a URL that may be shown; its path and query may be secrets. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "invalid";
}
