import { vi } from "vitest";

/** Repeats an expectation until it holds. Unlike `expect.poll` it also does in tests that run beside others. */
export function expectEventually(expectation: () => unknown, timeout = 45_000): Promise<unknown> {
  return vi.waitFor(expectation, { timeout, interval: 100 });
}
