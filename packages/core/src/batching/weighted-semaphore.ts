import type { CallOptions } from "./dynamic-batcher.js";
import { Turns } from "./turns.js";

export interface WeightLimits {
  /** The most that is held at once, unless a single one weighs more. */
  readonly limit: number;
  /** How much of it is kept for what is urgent. */
  readonly urgentOnly: number;
}

/** What has been admitted. */
export interface Admitted {
  /** Gives back all but this much; nothing when it is that light already. */
  lighten(weight: number): void;
  /** Gives back the rest. */
  release(): void;
}

interface Waiting {
  readonly weight: number;
  readonly flow: string;
  readonly admit: () => void;
}

/**
 * Admits work up to a total weight: what is urgent first, and of the rest the flows in turn. Some of the room is kept for
 * urgent work, so that it need not wait until what is not urgent has ended. Work that is heavier than its room is admitted
 * when it is alone there, so that nothing waits for ever.
 */
export class WeightedSemaphore {
  private readonly held = { urgent: 0, patient: 0 };
  private readonly waiting = { urgent: new Turns<Waiting>(), patient: new Turns<Waiting>() };

  constructor(private readonly limits: WeightLimits) {}

  /** Resolves once the weight is admitted. Rejects with the signal's reason. */
  async acquire(weight: number, { urgent = false, flow = "", signal }: CallOptions = {}): Promise<Admitted> {
    signal?.throwIfAborted();
    const kind = urgent ? "urgent" : "patient";
    const among = this.waiting[kind];
    let giveUp: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiting = { weight, flow, admit: resolve };
        giveUp = () => {
          if (!among.delete(waiting, flow)) return;
          reject(signal?.reason);
          this.advance();
        };
        signal?.addEventListener("abort", giveUp);
        among.add(waiting, flow);
        this.advance();
      });
    } finally {
      if (giveUp) signal?.removeEventListener("abort", giveUp);
    }
    return this.admitted(kind, weight);
  }

  private admitted(kind: "urgent" | "patient", weight: number): Admitted {
    let held = weight;
    const lighten = (rest: number) => {
      if (rest >= held) return;
      this.held[kind] -= held - rest;
      held = rest;
      this.advance();
    };
    return { lighten, release: () => lighten(0) };
  }

  private advance(): void {
    for (const kind of ["urgent", "patient"] as const) {
      const among = this.waiting[kind];
      for (let next = among.next; next && this.fits(kind, next.weight); next = among.next) {
        among.hadTurn(next, next.flow, { isDone: true });
        this.held[kind] += next.weight;
        next.admit();
      }
      // What is not urgent does not take the room that urgent work waits for.
      if (!among.isEmpty) return;
    }
  }

  private fits(kind: "urgent" | "patient", weight: number): boolean {
    const { limit, urgentOnly } = this.limits;
    const { urgent, patient } = this.held;
    const all = urgent + patient + weight;
    if (kind === "urgent") return all === weight || all <= limit || urgent + weight <= urgentOnly;
    // Urgent work that never ceases does not keep out for ever what is heavy.
    return all <= limit - urgentOnly || (patient === 0 && urgent <= urgentOnly);
  }
}
