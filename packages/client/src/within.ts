export interface TimeLimit {
  /** Unset: no limit. */
  readonly milliseconds: number | undefined;
  /** What is thrown when the time is over. */
  readonly overdue: () => Error;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
}

/** A timer with a longer time would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Runs something under a signal that is also aborted when the time is over. The limit ends with the run. */
export async function within<T>(limit: TimeLimit, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const clock = new AbortController();
  const timer = startTimer(limit, clock);
  try {
    return await run(limit.signal ? AbortSignal.any([limit.signal, clock.signal]) : clock.signal);
  } catch (error) {
    limit.signal?.throwIfAborted();
    clock.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function startTimer({ milliseconds, overdue }: TimeLimit, clock: AbortController) {
  if (milliseconds === undefined || milliseconds > longestTimerMs) return undefined;
  return setTimeout(() => clock.abort(overdue()), milliseconds);
}
