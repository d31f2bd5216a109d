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
 * work, and some for flows that hold nothing, which pass those that do, urgent or not: these need not wait until what
 * others hold has ended. Work that is too heavy for the room that all may have is let in beside the rest, one at a time, so that it neither
 * waits for ever nor is waited for.
 */
export class WeightedSemaphore {
  private readonly held = { urgent: 0, patient: 0 };
  private isHeavyHeld = false;
  private wasHeavyUrgent = false;
  /** How many of each flow are in. */
  private readonly flows = new Map<string, number>();
  private readonly light = { urgent: new Turns<Waiting>(), patient: new Turns<Waiting>() };
  private readonly heavy = { urgent: new Turns<Waiting>(), patient: new Turns<Waiting>() };

  constructor(private readonly limits: WeightLimits) {}

  /** Resolves once the weight is admitted. Rejects with the signal's reason. */
  async acquire(weight: number, { urgent = false, flow = "", signal }: CallOptions = {}): Promise<Admitted> {
    signal?.throwIfAborted();
    const urgency = urgent ? "urgent" : "patient";
    const isHeavy = weight > this.roomForAll;
    const among = (isHeavy ? this.heavy : this.light)[urgency];
    let giveUp: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiting = { weight, urgency, flow, admit: resolve } as const;
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
    return isHeavy ? this.heavyAdmitted(flow) : this.lightAdmitted(weight, urgency, flow);
  }

  private lightAdmitted(weight: number, urgency: Urgency, flow: string): Admitted {
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
    const heavy = this.isHeavyHeld ? undefined : this.nextHeavy();
    if (heavy) {
      this.isHeavyHeld = true;
      this.wasHeavyUrgent = heavy.urgency === "urgent";
      this.admit(heavy);
    }
    for (let next = this.nextLight(); next; next = this.nextLight()) {
      this.light[next.urgency].hadTurn(next, next.flow, { isDone: true });
      this.held[next.urgency] += next.weight;
      this.admit(next);
    }
  }

  private admit({ flow, admit }: Waiting): void {
    this.flows.set(flow, (this.flows.get(flow) ?? 0) + 1);
    admit();
  }

  /** One that is urgent, and one that is not. */
  private nextHeavy(): Waiting | undefined {
    const { urgent, patient } = this.heavy;
    return this.wasHeavyUrgent ? (patient.takeNext() ?? urgent.takeNext()) : (urgent.takeNext() ?? patient.takeNext());
  }

  private nextLight(): Waiting | undefined {
    const heads = [...this.light.urgent.heads(), ...this.light.patient.heads()];
    const [first] = heads;
    if (!first || this.fits(first)) return first;
    // Nobody passes one whose flow has nothing in there yet, or it could wait for ever.
    const mayPass = heads.find(({ flow }) => !this.flows.has(flow));
    return mayPass && this.fits(mayPass) ? mayPass : undefined;
  }

  private fits({ weight, urgency, flow }: Waiting): boolean {
    const { limit, urgentOnly, firstOnly } = this.limits;
    const keptForUrgent = urgency === "urgent" ? 0 : Math.max(0, urgentOnly - this.held.urgent);
    const keptForFirst = this.flows.has(flow) ? firstOnly : 0;
    return this.held.urgent + this.held.patient + weight <= limit - keptForUrgent - keptForFirst;
  }

  private get roomForAll(): number {
    const { limit, urgentOnly, firstOnly } = this.limits;
    return limit - urgentOnly - firstOnly;
  }
}
