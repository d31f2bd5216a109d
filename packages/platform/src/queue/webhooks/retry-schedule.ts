const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** What Standard Webhooks recommends: eight attempts within about 28 hours. */
export const retryDelaysMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  10 * hour,
];

/** The longest that a receiver may put an attempt off. */
const longestRetryAfterMs = 24 * hour;

/** How much later than scheduled an attempt may be, so that those that failed together do not come together. */
const jitter = 0.2;

export interface RetryQuestion {
  /** How often the event was sent. */
  readonly tries: number;
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs?: number | undefined;
  readonly delaysMs?: readonly number[] | undefined;
  readonly random?: () => number;
}

/** How long to wait before the next attempt, in milliseconds; undefined when there is none. */
export function retryDelay(question: RetryQuestion): number | undefined {
  const { tries, retryAfterMs = 0, delaysMs = retryDelaysMs, random = Math.random } = question;
  const delay = delaysMs[tries - 1];
  if (delay === undefined) return undefined;
  // A receiver can slow its retries down, but not use its attempts up by asking for them at once.
  return Math.round(Math.max(delay, Math.min(retryAfterMs, longestRetryAfterMs)) * (1 + jitter * random()));
}
