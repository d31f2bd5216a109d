import { Counter } from "prom-client";
import type { JobEnd } from "../queue/index.js";
import type { Metrics } from "./metrics.js";

/** What counts the ends that this process writes: over all processes, each end once. */
export function jobEndCounter({ registry }: Metrics): (end: JobEnd) => void {
  const jobs = new Counter({
    name: "facefleet_jobs_total",
    help: "Jobs that ended, counted by the process that wrote it down; code is the problem of a failed one",
    labelNames: ["task", "state", "code"],
    registers: [registry],
  });
  return ({ task, state, error }) => jobs.inc({ task, state, code: error?.code ?? "" });
}
