import { FacefleetError } from "./facefleet-error.js";
import { pause } from "./pause.js";
import { within } from "./within.js";

export interface WaitOptions {
  /** Unset: however long it takes. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Endable {
  readonly finishedAt?: string;
}

const firstIntervalMs = 250;
const longestIntervalMs = 10_000;

/**
 * Looks until what is waited for has ended. A look that comes back early, because the service does not wait or
 * is about to stop, is followed by the next one after a pause that grows.
 * @throws FacefleetError `wait_timeout`, after which it goes on
 */
export function waitUntilEnded<T extends Endable>(
  what: string,
  options: WaitOptions,
  look: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withinWait(what, options, async (signal) => {
    for (let interval = firstIntervalMs; ; interval = Math.min(interval * 1.5, longestIntervalMs)) {
      const start = Date.now();
      const latest = await look(signal);
      if (hasEnded(latest)) return latest;
      await pause(Math.max(start + interval - Date.now(), 0), signal);
    }
  });
}

/**
 * Runs what ends when the job or batch has.
 * @throws FacefleetError `wait_timeout`, after which that goes on
 */
export function withinWait<T>(
  what: string,
  { timeoutMs, signal }: WaitOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const overdue = () =>
    new FacefleetError("wait_timeout", `Expected ${what} to end within ${timeoutMs} ms but it has not`, {
      retryable: true,
    });
  return within({ milliseconds: timeoutMs, overdue, signal }, run);
}

/** A canceled batch ends only when the last of its running items has let go. */
export function hasEnded({ finishedAt }: Endable): boolean {
  return finishedAt !== undefined;
}
