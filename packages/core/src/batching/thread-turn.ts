import { setImmediate as letOthers } from "node:timers/promises";

/** How long a computation may have the thread at a stretch, in milliseconds. */
const stretchMs = 10;

/**
 * For computations that take long: `if (turn.isOver) await turn.pass()` now and then lets whatever else waits for the
 * thread have it.
 */
export class ThreadTurn {
  private since = performance.now();

  constructor(private readonly signal?: AbortSignal | undefined) {}

  get isOver(): boolean {
    return performance.now() - this.since >= stretchMs;
  }

  /** Rejects with the signal's reason. */
  async pass(): Promise<void> {
    await letOthers();
    this.signal?.throwIfAborted();
    this.since = performance.now();
  }
}
