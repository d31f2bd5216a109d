import { ProblemError } from "@facefleet/contracts";
import type { Submission } from "./submission.js";

/** One line of JSON: `{ input, job }`, or `{ input, error }` where there is no job. */
export function submissionLine({ input, job, error }: Submission): string {
  const outcome = job
    ? { job }
    : { error: error instanceof ProblemError ? error.toProblem() : { detail: error?.message } };
  return `${JSON.stringify({ input: input.name, ...outcome })}\n`;
}
