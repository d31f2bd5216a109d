export { failSpan, inSpan, pastSpan, tracer } from "./spans.js";
export { activeTrace, contextOf, inTrace } from "./trace-context.js";
export { isTracing, startTracing, type Tracing } from "./tracing.js";
