import { TraceContext } from "@facefleet/contracts";
import { failSpan, tracer } from "@facefleet/platform";
import { type Context, context, propagation, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";
import { isRoutine } from "./routine-routes.js";

const traceContext = Compile(TraceContext);

/**
 * The place in a trace that a request names; undefined when it names none, or not as W3C Trace Context has it. A wrong
 * `tracestate` is left out.
 */
export function callerTrace({ headers }: Pick<FastifyRequest, "headers">): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (traceparent === undefined) return undefined;
  const place = { traceparent };
  return [{ ...place, tracestate }, place].find((named) => traceContext.Check(named));
}

/** Makes a span for each request that is not routine, in the trace that it names. To be called before other hooks. */
export function traceRequests(app: FastifyInstance): void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  const within = (request: FastifyRequest, work: () => void) => {
    context.with(contexts.get(request) ?? ROOT_CONTEXT, work);
  };
  app.addHook("onRequest", (request, reply, done) => {
    if (!isRoutine(request.routeOptions.url)) {
      const span = startSpan(request);
      contexts.set(request, trace.setSpan(ROOT_CONTEXT, span));
      // Comes also when the client has gone before its answer, of which there is no response.
      reply.raw.once("close", () => endSpan(span, request, reply));
    }
    within(request, done);
  });
  // The body has been read in the context of its connection, as the answer has been sent.
  app.addHook("preValidation", (request, _reply, done) => within(request, done));
  app.addHook("onResponse", (request, _reply, done) => within(request, done));
}

function startSpan({ method, routeOptions, headers }: FastifyRequest): Span {
  const route = routeOptions.url;
  const attributes = { "http.request.method": method, ...(route !== undefined && { "http.route": route }) };
  const name = route === undefined ? method : `${method} ${route}`;
  return tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, propagation.extract(ROOT_CONTEXT, headers));
}

function endSpan(span: Span, { tenant }: FastifyRequest, reply: FastifyReply): void {
  if (tenant) span.setAttribute("facefleet.tenant", tenant.id);
  if (reply.raw.headersSent) describeAnswer(span, reply);
  else failSpan(span, "client_gone");
  span.end();
}

function describeAnswer(span: Span, { statusCode }: FastifyReply): void {
  span.setAttribute("http.response.status_code", statusCode);
  if (statusCode >= 500) failSpan(span, String(statusCode));
}
