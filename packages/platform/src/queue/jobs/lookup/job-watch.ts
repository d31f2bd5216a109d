import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@facefleet/contracts";
import type { FinishedSignal } from "../ends/finished-signal.js";
import { hasEnded } from "../job/job-view.js";

export interface WatchOptions<Found> {
  readonly look: () => Promise<Found | undefined>;
  /** How long to wait before the next look although nothing was heard, in milliseconds. */
  readonly everyMs: () => number;
  readonly signal: AbortSignal;
}

/**
 * A job as each look finds it: at once, whenever it is said to have ended, and every `everyMs`. The last look is
 * the one that finds the job ended or gone, or the one after the signal has fired.
 */
export async function* watchJob<Found extends { readonly job: Job }>(
  finished: FinishedSignal,
  id: string,
  { look, everyMs, signal }: WatchOptions<Found>,
): AsyncGenerator<Found | undefined, void> {
  let woken = new AbortController();
  const wake = () => woken.abort();
  finished.on(id, wake);
  signal.addEventListener("abort", wake);
  try {
    await finished.open();
    for (;;) {
      // Asked before the look: an end that is signalled while looking is still seen.
      const isLast = signal.aborted;
      const found = await look();
      yield found;
      if (!found || hasEnded(found.job) || isLast) return;
      await sleep(everyMs(), undefined, { signal: woken.signal }).catch(() => undefined);
      woken = new AbortController();
    }
  } finally {
    finished.off(id, wake);
    signal.removeEventListener("abort", wake);
  }
}
