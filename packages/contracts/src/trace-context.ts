import { type Static, Type } from "typebox";

/** A place in a trace, as the headers of W3C Trace Context level 1 name it. */
export const TraceContext = Type.Object({
  traceparent: Type.String({ pattern: "^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$" }),
  tracestate: Type.Optional(Type.String({ maxLength: 512, pattern: "^[\\x20-\\x7e]+$" })),
});
export type TraceContext = Static<typeof TraceContext>;
