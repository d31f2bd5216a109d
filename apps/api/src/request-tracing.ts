import { TraceContext } from "@facefleet/contracts";
import { failSpan, tracer } from "@facefleet/platform";
import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";
import { isRoutine } from "./routine-routes.js";

const traceContext = Compile(TraceContext);

/** The place in a trace that a request names; undefined when it names none, or not as W3C Trace Context has it. */
export function callerTrace({ headers }: FastifyRequest): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  const named = { traceparent, ...(tracestate !== undefined && { tracestate }) };
  return traceContext.Check(named) ? named : undefined;
}

/** Makes a span for each request that is not routine, in the trace that it names. To be called before other hooks. */
export function traceRequests(app: FastifyInstance): void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  const within = (request: FastifyRequest, work: () => void) => {
    context.with(contexts.get(request) ?? ROOT_CONTEXT, work);
  };
  app.addHook("onRequest", (request, _reply, done) => {
    if (!isRoutine(request.routeOptions.url)) contexts.set(request, contextOfSpan(request));
    within(request, done);
  });
  // The body has been read in the context of its connection, as the answer has been sent.
  app.addHook("preValidation", (request, _reply, done) => within(request, done));
  app.addHook("onResponse", (request, reply, done) => {
    within(request, () => {
      endSpan(request, reply);
      done();
    });
  });
}

function contextOfSpan(request: FastifyRequest): Context {
  const { method, routeOptions, headers } = request;
  const route = routeOptions.url;
  const attributes = { "http.request.method": method, ...(route !== undefined && { "http.route": route }) };
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const name = route === undefined ? method : `${method} ${route}`;
  return trace.setSpan(parent, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent));
}

function endSpan({ tenant }: FastifyRequest, { statusCode }: FastifyReply): void {
  const span = trace.getActiveSpan();
  if (!span) return;
  span.setAttribute("http.response.status_code", statusCode);
  if (tenant) span.setAttribute("facefleet.tenant", tenant.id);
  if (statusCode >= 500) failSpan(span, String(statusCode));
  span.end();
}
