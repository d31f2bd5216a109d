import { describe, expect, it } from "vitest";
import { callerTrace } from "./request-tracing.js";

const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

describe("callerTrace", () => {
  it("is what the headers name", () => {
    expect(callerTrace({ headers: { traceparent, tracestate: "vendor=1" } })).toEqual({
      traceparent,
      tracestate: "vendor=1",
    });
    expect(callerTrace({ headers: { traceparent } })).toEqual({ traceparent });
    expect(callerTrace({ headers: { tracestate: "vendor=1" } })).toBeUndefined();
    expect(callerTrace({ headers: { traceparent: `00-${"0".repeat(32)}-${"b".repeat(16)}-01` } })).toBeUndefined();
  });

  it("goes on without a tracestate that nobody can take", () => {
    for (const tracestate of [`vendor=${"x".repeat(512)}`, "vendor=\u00e4"])
      expect(callerTrace({ headers: { traceparent, tracestate } })).toEqual({ traceparent });
  });
});
