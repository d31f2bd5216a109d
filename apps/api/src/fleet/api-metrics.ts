import { ProblemError } from "@facefleet/contracts";
import { type Metrics, type SubmittedJobs, secondsBuckets, submissionCounter } from "@facefleet/platform";
import type { FastifyInstance } from "fastify";
import { Counter, Histogram } from "prom-client";
import type { ApiParts } from "../services.js";
import { showFleet } from "./fleet-gauges.js";

export interface ApiMetrics {
  readonly submitted: (submitted: SubmittedJobs) => void;
}

type MeasuredParts = Pick<ApiParts, "metrics" | "observer">;

/** Counts requests and submitted jobs, and shows the fleet at each scrape. */
export function measureApi(app: FastifyInstance, { metrics, observer }: MeasuredParts): ApiMetrics {
  measureRequests(app, metrics);
  measureTenants(app, metrics);
  showFleet(metrics, observer);
  return { submitted: submissionCounter(metrics) };
}

function measureRequests(app: FastifyInstance, { registry }: Metrics): void {
  const registers = [registry];
  const requests = new Counter({
    name: "facefleet_http_requests_total",
    help: "Answered HTTP requests.",
    labelNames: ["route", "method", "status"],
    registers,
  });
  const duration = new Histogram({
    name: "facefleet_http_request_duration_seconds",
    help: "From a request's arrival until its answer was sent.",
    labelNames: ["route", "method"],
    buckets: secondsBuckets,
    registers,
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unmatched";
    requests.inc({ route, method: request.method, status: reply.statusCode });
    duration.observe({ route, method: request.method }, reply.elapsedTime / 1000);
    done();
  });
}

/** Tenants are as many as the file of keys has, and nobody else gets a series. */
function measureTenants(app: FastifyInstance, { registry }: Metrics): void {
  const registers = [registry];
  const requests = new Counter({
    name: "facefleet_tenant_requests_total",
    help: "Answered HTTP requests that came with a tenant's key.",
    labelNames: ["tenant"],
    registers,
  });
  const refusals = new Counter({
    name: "facefleet_tenant_refusals_total",
    help: "Requests refused because of the tenant's rate limit or quota, by the problem's code.",
    labelNames: ["tenant", "code"],
    registers,
  });
  app.addHook("onResponse", ({ tenant }, _reply, done) => {
    if (tenant) requests.inc({ tenant: tenant.id });
    done();
  });
  app.addHook("onError", ({ tenant }, _reply, error, done) => {
    const isRefusal = error instanceof ProblemError && error.status === 429;
    if (tenant && isRefusal) refusals.inc({ tenant: tenant.id, code: error.code });
    done();
  });
}
