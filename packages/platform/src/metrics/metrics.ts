import { collectDefaultMetrics, Registry } from "prom-client";

/** A process's metrics. Names of our own start with `facefleet_` and end with their unit. */
export interface Metrics {
  readonly registry: Registry;
  /** The text that Prometheus reads. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** A registry of its own, with Node's process metrics (memory, CPU, event-loop delay, garbage collection) in it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return { registry, render: () => registry.metrics(), contentType: registry.contentType };
}

/** Histogram buckets for anything timed, in seconds: from a decoded thumbnail to a job that waited a minute. */
export const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
