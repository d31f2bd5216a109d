import { expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.js";

it("reads Retry-After in seconds and as a date", () => {
  expect(retryAfterMs("3")).toBe(3000);
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfterMs("Thu, 01 Jan 2026 00:00:02 GMT", now)).toBe(2000);
  expect(retryAfterMs("Thu, 01 Jan 2025 00:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("999999")).toBe(300_000);
  expect(retryAfterMs("soon")).toBeUndefined();
  expect(retryAfterMs(null)).toBeUndefined();
});
