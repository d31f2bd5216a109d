import { FacefleetError } from "./facefleet-error.js";
import type { Job } from "./wire.js";

/**
 * The result of a job that has succeeded.
 * @throws FacefleetError with the job's own problem when it has failed, `job_canceled` or `result_absent`
 */
export function resultOf<Result>(job: Omit<Job, "result"> & { readonly result?: Result }): Result {
  if (job.result !== undefined) return job.result;
  if (job.error) throw FacefleetError.fromProblem(job.error);
  const code = job.state === "canceled" ? "job_canceled" : "result_absent";
  throw new FacefleetError(code, `Expected a result in the job ${job.id}, which is ${job.state}, but there is none`);
}
