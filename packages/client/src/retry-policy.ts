import type { FacefleetError } from "./facefleet-error.js";

export interface RetryPolicy {
  readonly maxRetries: number;
  /** Before the first retry; each further one waits up to twice as long. */
  readonly retryDelayMs: number;
}

const longestBackoffMs = 30_000;

/** With these the service says that it has done nothing, so that even what is not repeatable may be sent again. */
const refusals = [429, 503];
const passing = [500, 502, 504];

/** Whether to send a request again after this error. Repeatable: sent twice, it does what it does sent once. */
export function mayRetry({ code, status, retryable }: FacefleetError, repeatable: boolean): boolean {
  // Its job goes on.
  if (!retryable || code === "sync_timeout") return false;
  if (status !== undefined && refusals.includes(status)) return true;
  if (!repeatable) return false;
  return status === undefined ? code === "unreachable" || code === "request_timeout" : passing.includes(status);
}

/**
 * How long to wait before retry number `retry` (from 0): at least what the service asked for; otherwise a
 * doubling time. A random part keeps the clients that were refused together from coming back together.
 */
export function delayBeforeRetry(retry: number, { retryDelayMs }: RetryPolicy, asked: number | undefined): number {
  if (asked !== undefined) return asked + (Math.random() * retryDelayMs) / 4;
  const backoff = Math.min(retryDelayMs * 2 ** retry, longestBackoffMs);
  return backoff * (0.5 + Math.random() / 2);
}
