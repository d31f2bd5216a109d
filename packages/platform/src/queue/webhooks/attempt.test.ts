import { ProblemError } from "@facefleet/contracts";
import { expect, test } from "vitest";
import { EgressError } from "../../egress/index.js";
import { isReceiverDown, verdictOfAnswer, verdictOfError } from "./attempt.js";

const answered = (status: number, headers = {}) => verdictOfAnswer({ status, headers });

test.each([
  [200, "delivered"],
  [299, "delivered"],
  [302, "redirected"],
  [308, "redirected"],
  [400, "refused"],
  [410, "gone"],
  [429, "refused"],
  [500, "refused"],
])("an answer of %i is %s", (status, outcome) => {
  const cause = outcome === "delivered" ? {} : { cause: "status" };
  expect(answered(status)).toEqual({ outcome, ...cause, status });
});

test("a wait is asked for by 429 and 503 only", () => {
  const wait = { "retry-after": "7" };
  expect(answered(429, wait).retryAfterMs).toBe(7000);
  expect(answered(503, { "retry-after": ["7", "9"] }).retryAfterMs).toBe(7000);
  expect(answered(500, wait)).not.toHaveProperty("retryAfterMs");
});

test("no answer is a verdict too, unless the failure is our own", () => {
  expect(verdictOfError(new EgressError("timeout", "late"))).toEqual({ outcome: "timeout", cause: "timeout" });
  const dns = { outcome: "unreachable", cause: "dns" };
  expect(verdictOfError(new EgressError("unresolvable", "no such host"))).toEqual(dns);
  const forbidden = { outcome: "forbidden", cause: "forbidden" };
  expect(verdictOfError(new EgressError("forbidden", "private"))).toEqual(forbidden);
  expect(verdictOfError(new ProblemError("url_forbidden"))).toEqual(forbidden);
  expect(verdictOfError(new TypeError("a bug"))).toBeUndefined();
});

test("a receiver that dislikes one event is not down", () => {
  const down = [
    answered(500),
    answered(503),
    answered(429),
    { outcome: "timeout" },
    { outcome: "unreachable" },
  ] as const;
  for (const verdict of down) expect(isReceiverDown(verdict)).toBe(true);
  for (const status of [200, 302, 400, 404, 410]) expect(isReceiverDown(answered(status))).toBe(false);
});
