import type { ImageResult, ImageTask, JobResult, Task } from "@facefleet/contracts";
import type { RunningJob } from "@facefleet/platform";
import type { AnalysisCache } from "./analysis-cache.js";
import type { ImageParts } from "./seen-image.js";

export interface TaskParts extends ImageParts {
  /** Unset: every job is run. */
  readonly cache?: AnalysisCache | undefined;
}

/** Does a job of one task: from references to its result, or a ProblemError. */
export type RunTask<Result extends JobResult = JobResult> = (
  job: RunningJob,
  parts: TaskParts,
  signal: AbortSignal,
) => Promise<Result>;

/** How each task is done. */
export type RunTasks = { readonly [T in Task]: RunTask<T extends ImageTask ? ImageResult : JobResult> };
