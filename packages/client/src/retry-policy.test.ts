import { expect, it } from "vitest";
import { FacefleetError } from "./facefleet-error.js";
import { delayBeforeRetry, mayRetry } from "./retry-policy.js";

function answered(status: number, retryable = true) {
  return new FacefleetError("any", "", { status, retryable });
}

it("sends again what was refused, whether it is repeatable or not", () => {
  for (const status of [429, 503]) {
    expect(mayRetry(answered(status), true)).toBe(true);
    expect(mayRetry(answered(status), false)).toBe(true);
    expect(mayRetry(answered(status, false), true)).toBe(false);
  }
});

it("sends only what is repeatable again when nobody knows whether it was done", () => {
  const lost = ["unreachable", "request_timeout"].map((code) => new FacefleetError(code, "", { retryable: true }));
  for (const error of [...lost, answered(500), answered(502), answered(504)]) {
    expect(mayRetry(error, true)).toBe(true);
    expect(mayRetry(error, false)).toBe(false);
  }
});

it("does not send again what can never succeed, nor what was waited for long enough", () => {
  for (const status of [400, 401, 404, 409, 422]) expect(mayRetry(answered(status, false), true)).toBe(false);
  expect(mayRetry(new FacefleetError("wait_timeout", "", { retryable: true }), true)).toBe(false);
});

it("waits a doubling, bounded, partly random time, and never less than was asked for", () => {
  const policy = { maxRetries: 5, retryDelayMs: 1000 };
  for (const [retry, longest] of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
    const delays = Array.from({ length: 50 }, () => delayBeforeRetry(retry, policy, undefined));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(longest / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(longest);
    expect(new Set(delays).size).toBeGreaterThan(10);
  }
  expect(delayBeforeRetry(0, policy, 60_000)).toBeGreaterThanOrEqual(60_000);
  expect(delayBeforeRetry(9, policy, 0)).toBeLessThanOrEqual(250);
});
