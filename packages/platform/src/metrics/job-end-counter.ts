import { problemCodes, problemTable, tasks } from "@facefleet/contracts";
import { Counter } from "prom-client";
import type { JobEnd } from "../queue/index.js";
import type { Metrics } from "./metrics.js";

/** How jobs end in any fleet, and how they fail by a fault of its own. */
const ends = [
  { state: "succeeded", code: "" },
  { state: "canceled", code: "" },
  ...problemCodes
    .filter((code) => problemTable[code].status >= 500)
    .map((code) => ({ state: "failed", code }) as const),
];

/** What counts the ends that this process writes: over all processes, each end once. */
export function jobEndCounter({ registry }: Metrics): (end: JobEnd) => void {
  const jobs = new Counter({
    name: "facefleet_jobs_total",
    help: "Jobs that ended, counted by the process that wrote it down; code is the problem of a failed one",
    labelNames: ["task", "state", "code"],
    registers: [registry],
  });
  // From nothing to the first failures there would be no increase that an alert could see.
  for (const task of tasks) for (const end of ends) jobs.inc({ task, ...end }, 0);
  return ({ task, state, error }) => jobs.inc({ task, state, code: error?.code ?? "" });
}
