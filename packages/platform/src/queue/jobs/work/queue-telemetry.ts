import { type Context, context, createContextKey, type Link, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import type { Span, Telemetry } from "bullmq";
import { activeTrace, contextOf, tracer } from "../../../tracing/index.js";
import type { QueuedTrace } from "../job/job-trace.js";

const linkKey = createContextKey("the trace that a job is linked to");

/** What BullMQ says of its jobs names its own attributes, and holds the messages of failures. */
const silent = {
  setAttribute: () => undefined,
  setAttributes: () => undefined,
  addEvent: () => undefined,
  recordException: () => undefined,
};

/**
 * A span for each job while it is processed, in the trace that it was queued in; none for all else that BullMQ does, most
 * of it in vain: it looks for work every few seconds.
 */
export const queueTelemetry: Telemetry<Context> = {
  tracer: {
    startSpan: (name, options, parent) => (options?.kind === SpanKind.CONSUMER ? processSpan(name, parent) : noSpan),
  },
  contextManager: {
    active: () => context.active(),
    root: () => ROOT_CONTEXT,
    with: (active, work) => context.with(active, work),
    getMetadata: (active: Context) => JSON.stringify(context.with(active, activeTrace)),
    fromMetadata: (_active, metadata) => contextFrom(JSON.parse(metadata)),
  },
};

const noSpan: Span<Context> = { ...silent, setSpanOnContext: (active) => active, end: () => undefined };

function processSpan(name: string, parent: Context = ROOT_CONTEXT): Span<Context> {
  const link = parent.getValue(linkKey) as Link | undefined;
  const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, links: link ? [link] : [] }, parent);
  return { ...silent, setSpanOnContext: (active) => trace.setSpan(active, span), end: () => span.end() };
}

function contextFrom({ isLinked, ...queuedIn }: QueuedTrace): Context {
  const parent = contextOf(queuedIn);
  const linked = trace.getSpanContext(parent);
  return isLinked && linked ? ROOT_CONTEXT.setValue(linkKey, { context: linked }) : parent;
}
