import { ProblemError } from "@facefleet/contracts";
import { type Span, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";

/** Makes spans once an SDK is registered; until then, ones that cost and keep nothing. */
export const tracer = trace.getTracer("facefleet");

interface WorkOptions extends SpanOptions {
  /** What the work is told to stop by: that it then does is no failure of it. */
  readonly signal?: AbortSignal | undefined;
}

/** Does some work within a span, which its failure is noted on. */
export function inSpan<T>(
  name: string,
  { signal, ...options }: WorkOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      if (signal?.aborted) span.setAttribute("facefleet.stopped", true);
      else failSpan(span, error instanceof ProblemError ? error.code : errorName(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Notes a failure by its kind alone: messages may hold what callers wrote. */
export function failSpan(span: Span, kind: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute("error.type", kind);
}

/** A span of what took some milliseconds until a moment, in milliseconds since 1970. Returns when it began. */
export function pastSpan(name: string, milliseconds: number, end: number): number {
  const startTime = end - milliseconds;
  tracer.startSpan(name, { startTime }).end(end);
  return startTime;
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
