import type { TraceContext } from "@facefleet/contracts";
import { type Context, context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";

/** The place of the span that is active, to be handed on; undefined where there is none, as when nothing is traced. */
export function activeTrace(): TraceContext | undefined {
  const headers: Partial<TraceContext> = {};
  propagation.inject(context.active(), headers);
  const { traceparent, tracestate } = headers;
  return traceparent === undefined ? undefined : { traceparent, ...(tracestate && { tracestate }) };
}

/** The context in which spans are children of the place that was handed over; without one, roots. */
export function contextOf(trace: TraceContext | undefined): Context {
  return propagation.extract(ROOT_CONTEXT, trace ?? {});
}

/** Does some work in the trace that it belongs to. */
export function inTrace<T>(trace: TraceContext | undefined, work: () => T): T {
  return context.with(contextOf(trace), work);
}
