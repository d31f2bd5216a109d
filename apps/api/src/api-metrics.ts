import { secondsBuckets } from "@facefleet/platform";
import type { FastifyInstance } from "fastify";
import { Counter, Histogram } from "prom-client";
import { showFleet } from "./fleet-gauges.js";
import type { ApiParts } from "./services.js";

export interface ApiMetrics {
  readonly submitted: Counter<"task" | "priority">;
}

type MeasuredParts = Pick<ApiParts, "metrics" | "observer">;

/** Counts requests and submitted jobs, and shows the fleet at each scrape. */
export function measureApi(app: FastifyInstance, { metrics, observer }: MeasuredParts): ApiMetrics {
  const registers = [metrics.registry];
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
  showFleet(metrics, observer);
  return {
    submitted: new Counter({
      name: "facefleet_jobs_submitted_total",
      help: "Jobs put into the queue.",
      labelNames: ["task", "priority"],
      registers,
    }),
  };
}
