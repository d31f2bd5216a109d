import type { CallOptions } from "./dynamic-batcher.js";
import { Turns } from "./turns.js";

/** How long a computation may have the thread at a stretch, in milliseconds. */
const stretchMs = 10;

interface Passing {
  readonly goOn: () => void;
}

/**
 * Computations that had their stretch, in turns of flows: an urgent one, then one that is not. However many there are, one
 * of them goes on between whatever else waits for the thread.
 */
const urgent = new Turns<Passing>();
const patient = new Turns<Passing>();
let isScheduled = false;
let wasUrgent = false;

/**
 * For computations that take long: `if (turn.isOver) await turn.pass()` now and then lets whatever else waits for the
 * thread have it.
 */
export class ThreadTurn {
  private since = performance.now();

  constructor(private readonly call: CallOptions = {}) {}

  get isOver(): boolean {
    return performance.now() - this.since >= stretchMs;
  }

  /** Rejects with the reason of the call's signal. */
  async pass(): Promise<void> {
    const { signal, flow = "" } = this.call;
    await new Promise<void>((resolve) => {
      (this.call.urgent ? urgent : patient).add({ goOn: resolve }, flow);
      schedule();
    });
    signal?.throwIfAborted();
    this.since = performance.now();
  }
}

function schedule(): void {
  if (isScheduled || (urgent.isEmpty && patient.isEmpty)) return;
  isScheduled = true;
  setImmediate(letOneGoOn);
}

function letOneGoOn(): void {
  isScheduled = false;
  const isUrgent = !urgent.isEmpty && (!wasUrgent || patient.isEmpty);
  wasUrgent = isUrgent;
  (isUrgent ? urgent : patient).takeNext()?.goOn();
  schedule();
}
