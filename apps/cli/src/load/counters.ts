import { readMetrics } from "@facefleet/bench";

/** What the processes of a fleet have counted together. */
export interface Counters {
  readonly submitted: number;
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly inQueue: number;
}

/** The counters that a load changes, and the metric that each is. */
const samples = {
  submitted: ["facefleet_jobs_submitted_total", {}],
  accepted: ["facefleet_http_requests_total", { route: "/v1/jobs", method: "POST", status: "202" }],
  succeeded: ["facefleet_jobs_total", { state: "succeeded" }],
  failed: ["facefleet_jobs_total", { state: "failed" }],
  inQueue: ["facefleet_queue_jobs", {}],
} as const satisfies Record<keyof Counters, readonly [name: string, labels: Record<string, string>]>;

/**
 * Sums them over the processes.
 * @throws Error when one does not answer
 */
export async function readCounters(addresses: readonly string[]): Promise<Counters> {
  const pages = await Promise.all(addresses.map(pageOf));
  const sums = Object.entries(samples).map(([counter, [name, labels]]) => {
    return [counter, pages.reduce((sum, page) => sum + page.sum(name, labels), 0)] as const;
  });
  return Object.fromEntries(sums) as unknown as Counters;
}

/** The metric of a counter, as one would ask Prometheus for it. */
export function metricOf(counter: keyof Counters): string {
  const [name, labels] = samples[counter];
  const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return matchers.length > 0 ? `${name}{${matchers.join(",")}}` : name;
}

async function pageOf(address: string) {
  try {
    return await readMetrics(address);
  } catch (cause) {
    throw new Error(`Expected ${address} to serve /metrics but nothing answered`, { cause });
  }
}
