/** How long a computation may have the thread at a stretch, in milliseconds. */
const stretchMs = 10;

/** Computations that had their stretch. However many there are, one of them goes on between whatever else waits. */
const waiting: (() => void)[] = [];

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
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(letOneGoOn);
    });
    this.signal?.throwIfAborted();
    this.since = performance.now();
  }
}

function letOneGoOn(): void {
  waiting[0]?.();
  waiting.shift();
  if (waiting.length > 0) setImmediate(letOneGoOn);
}
