import type { FaceJobs } from "@facefleet/platform";
import { type Metrics, secondsBuckets } from "@facefleet/platform";
import type { FastifyInstance } from "fastify";
import { Counter, Gauge, Histogram } from "prom-client";
import { within } from "./within.js";

const scrapeTimeoutMs = 1000;

export interface ApiMetrics {
  readonly submitted: Counter<"task" | "priority">;
}

/** Counts requests and submitted jobs, and shows the queue's depth at each scrape. */
export function measureApi(app: FastifyInstance, { registry }: Metrics, jobs: FaceJobs): ApiMetrics {
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
  showDepth(jobs, registers);
  return {
    submitted: new Counter({
      name: "facefleet_jobs_submitted_total",
      help: "Jobs put into the queue.",
      labelNames: ["task", "priority"],
      registers,
    }),
  };
}

function showDepth(jobs: FaceJobs, registers: Metrics["registry"][]): void {
  new Gauge({
    name: "facefleet_queue_jobs",
    help: "Jobs in the queue by state; absent while Redis cannot be reached.",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      const depth = await within(scrapeTimeoutMs, jobs.depth()).catch(() => ({}));
      for (const [state, count] of Object.entries(depth)) this.set({ state }, count);
    },
  });
}
