import { expect, test } from "vitest";
import { retryAfterMs } from "./retry-after.js";

const now = Date.parse("2026-10-21T07:28:00Z");

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["Wed, 21 Oct 2026 07:29:30 GMT", 90_000],
  ["Wed, 21 Oct 2026 07:00:00 GMT", 0],
])("reads %j", (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

test.each([undefined, "", "soon", "-5", "1.5", "2026-10-21", "Wed, 99 Foo 2026 07:29:30 GMT", "99999999999999"])(
  "understands nothing in %j",
  (header) => {
    expect(retryAfterMs(header, now)).toBeUndefined();
  },
);
