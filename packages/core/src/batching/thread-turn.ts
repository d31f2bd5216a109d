import { setImmediate as letOthers } from "node:timers/promises";

/** How long a computation may have the thread at a stretch, in milliseconds. */
const stretchMs = 10;

/** For computations that take long: lets whatever else waits for the thread have it now and then. */
export class ThreadTurn {
  private since = performance.now();

  constructor(private readonly signal?: AbortSignal | undefined) {}

  /** To be called every millisecond or so. Rejects with the signal's reason. */
  async pass(): Promise<void> {
    if (performance.now() - this.since < stretchMs) return;
    await letOthers();
    this.signal?.throwIfAborted();
    this.since = performance.now();
  }
}
