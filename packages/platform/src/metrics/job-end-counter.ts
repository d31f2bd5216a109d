import { problemCodes, problemTable, tasks } from "@facefleet/contracts";
import { Counter } from "prom-client";
import type { JobEnd } from "../queue/index.js";
import type { Metrics } from "./metrics.js";

/** How jobs end in any fleet, and how they fail by a fault of its own. */
const ends: readonly { readonly state: JobEnd["state"]; readonly code: string }[] = [
  { state: "succeeded", code: "" },
  { state: "canceled", code: "" },
  ...problemCodes
    .filter((code) => problemTable[code].status >= 500)
    .map((code) => ({ state: "failed" as const, code })),
];

/**
 * What counts the ends that this process writes: over all processes, each end once.
 *
 * @param states of the ends that it may write; those that have not come yet are shown as 0
 */
export function jobEndCounter(
  { registry }: Metrics,
  states: readonly JobEnd["state"][] = ["succeeded", "failed", "canceled"],
): (end: JobEnd) => void {
  const jobs = new Counter({
    name: "facefleet_jobs_total",
    help: "Jobs that ended, counted by the process that wrote it down: a worker, or the API one that was canceled before a worker had it; code is the problem of a failed one",
    labelNames: ["task", "state", "code"],
    registers: [registry],
  });
  // From nothing to the first failures there would be no increase that an alert could see.
  const possible = ends.filter(({ state }) => states.includes(state));
  for (const task of tasks) for (const end of possible) jobs.inc({ task, ...end }, 0);
  return ({ task, state, error }) => jobs.inc({ task, state, code: error?.code ?? "" });
}
