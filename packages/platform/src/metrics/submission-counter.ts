import type { FacePriority, Task } from "@facefleet/contracts";
import { Counter } from "prom-client";
import type { Metrics } from "./metrics.js";

export interface SubmittedJobs {
  readonly tenant: string;
  readonly task: Task;
  readonly priority: FacePriority;
  readonly jobs: number;
}

/** What counts the jobs that this process puts into the queue. */
export function submissionCounter({ registry }: Metrics): (submitted: SubmittedJobs) => void {
  const registers = [registry];
  const submitted = new Counter({
    name: "facefleet_jobs_submitted_total",
    help: "Jobs put into the queue, items of batches included; one that is tried again is counted once",
    labelNames: ["task", "priority"],
    registers,
  });
  const ofTenants = new Counter({
    name: "facefleet_tenant_jobs_submitted_total",
    help: "The same by tenant",
    labelNames: ["tenant"],
    registers,
  });
  return ({ tenant, task, priority, jobs }) => {
    submitted.inc({ task, priority }, jobs);
    ofTenants.inc({ tenant }, jobs);
  };
}
