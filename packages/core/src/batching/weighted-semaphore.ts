import type { CallOptions } from "./dynamic-batcher.js";
import { Turns } from "./turns.js";

export interface WeightLimits {
  /** The most that is held at once, but for one that is too heavy. */
  readonly limit: number;
  /** How much of it is kept for urgent work. */
  readonly urgentOnly: number;
  /** How much of it is kept for flows that hold nothing. */
  readonly firstOnly: number;
}

/** What has been admitted. */
export interface Admitted {
  /** Gives back all but this much; nothing when it is that light already. */
  lighten(weight: number): void;
  /** Gives back the rest. */
  release(): void;
}

type Urgency = "urgent" | "patient";

interface Waiting {
  readonly weight: number;
  readonly urgency: Urgency;
  readonly flow: string;
  readonly admit: () => void;
}

/**
 * Admits work up to a total weight: what is urgent first, and else the flows in turn. Some of the room is kept for urgent
 * work, and some for flows that hold nothing: neither waits until what others hold has ended. Work that is too heavy for
 * the room that all may have is let in beside the rest, one at a time, so that it neither waits for ever nor is waited for.
 */
export class WeightedSemaphore {
  private readonly held = { urgent: 0, patient: 0 };
  private isHeavyHeld = false;
  /** How many of each flow are in. */
  private readonly flows = new Map<string, number>();
  private readonly waiting = { urgent: new Turns<Waiting>(), patient: new Turns<Waiting>() };

  constructor(private readonly limits: WeightLimits) {}

  /** Resolves once the weight is admitted. Rejects with the signal's reason. */
  async acquire(weight: number, { urgent = false, flow = "", signal }: CallOptions = {}): Promise<Admitted> {
    signal?.throwIfAborted();
    const urgency = urgent ? "urgent" : "patient";
    let giveUp: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiting = { weight, urgency, flow, admit: resolve } as const;
        giveUp = () => {
          if (!this.waiting[urgency].delete(waiting, flow)) return;
          reject(signal?.reason);
          this.advance();
        };
        signal?.addEventListener("abort", giveUp);
        this.waiting[urgency].add(waiting, flow);
        this.advance();
      });
    } finally {
      if (giveUp) signal?.removeEventListener("abort", giveUp);
    }
    return this.isHeavy(weight) ? this.heavyAdmitted(flow) : this.admitted(weight, urgency, flow);
  }

  private admitted(weight: number, urgency: Urgency, flow: string): Admitted {
    let held = weight;
    const lighten = (rest: number) => {
      if (rest >= held) return;
      this.held[urgency] -= held - rest;
      held = rest;
      if (rest === 0) this.left(flow);
      this.advance();
    };
    return { lighten, release: () => lighten(0) };
  }

  private heavyAdmitted(flow: string): Admitted {
    let isHeld = true;
    const lighten = (rest: number) => {
      if (rest > 0 || !isHeld) return;
      isHeld = false;
      this.isHeavyHeld = false;
      this.left(flow);
      this.advance();
    };
    return { lighten, release: () => lighten(0) };
  }

  private left(flow: string): void {
    const others = (this.flows.get(flow) ?? 1) - 1;
    if (others > 0) this.flows.set(flow, others);
    else this.flows.delete(flow);
  }

  private advance(): void {
    for (let next = this.next(); next; next = this.next()) {
      const { weight, urgency, flow } = next;
      this.waiting[urgency].hadTurn(next, flow, { isDone: true });
      if (this.isHeavy(weight)) this.isHeavyHeld = true;
      else this.held[urgency] += weight;
      this.flows.set(flow, (this.flows.get(flow) ?? 0) + 1);
      next.admit();
    }
  }

  private next(): Waiting | undefined {
    const { urgent, patient } = this.waiting;
    const heavy = [...urgent.heads(), ...patient.heads()].find(({ weight }) => this.isHeavy(weight));
    if (heavy && !this.isHeavyHeld) return heavy;
    const isLight = ({ weight }: Waiting) => !this.isHeavy(weight);
    const urgentLight = [...urgent.heads()].filter(isLight);
    // What is not urgent does not take the room that urgent work waits for.
    return this.nextOf(urgentLight.length > 0 ? urgentLight : [...patient.heads()].filter(isLight));
  }

  private nextOf([first, ...others]: readonly Waiting[]): Waiting | undefined {
    if (!first || this.fits(first)) return first;
    // The first one's flow has something in there, or it would be among those that may pass.
    return others.find((other) => !this.flows.has(other.flow) && this.fits(other));
  }

  private fits({ weight, urgency, flow }: Waiting): boolean {
    const { limit, urgentOnly, firstOnly } = this.limits;
    const notForAll = (urgency === "urgent" ? 0 : urgentOnly) + (this.flows.has(flow) ? firstOnly : 0);
    return this.held.urgent + this.held.patient + weight <= limit - notForAll;
  }

  private isHeavy(weight: number): boolean {
    const { limit, urgentOnly, firstOnly } = this.limits;
    return weight > limit - urgentOnly - firstOnly;
  }
}
