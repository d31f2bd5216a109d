import { type CircuitOptions, OriginCircuit, type Pass, type PutAside } from "./origin-circuit.js";

/** More are kept only while something is on its way to each. */
const mostKept = 10_000;

/** The circuits of all origins that this process has lately asked: one for each tenant and origin. */
export class OriginCircuits {
  readonly #circuits = new Map<string, OriginCircuit>();

  constructor(private readonly options: CircuitOptions) {}

  enter(tenant: string, url: string): Pass | PutAside {
    const key = `${tenant} ${originOf(url)}`;
    const circuit = this.#circuits.get(key) ?? new OriginCircuit(this.options);
    // The latest is last.
    this.#circuits.delete(key);
    this.#forget();
    this.#circuits.set(key, circuit);
    return circuit.enter();
  }

  get size(): number {
    return this.#circuits.size;
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

/** Scheme, host and port: all of a URL that may be shown; its path and query may be secrets. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "invalid";
}
