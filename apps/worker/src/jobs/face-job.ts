import type { JobResult } from "@facefleet/contracts";
import type { RunningJob } from "@facefleet/platform";
import { tasks } from "../tasks/index.js";
import type { TaskParts } from "../tasks/task.js";

/** Does one job, as its task is done: from references to its result, or a ProblemError. */
export function runFaceJob(job: RunningJob, parts: TaskParts, signal: AbortSignal): Promise<JobResult> {
  parts.onStage("queue", job.queueMs);
  job.reportStage("fetch");
  return tasks[job.payload.task](job, parts, signal);
}
