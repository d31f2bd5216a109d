import { FacefleetError } from "@facefleet/client";
import type { Submission } from "./submission.js";

/** One line of JSON: `{ input, job }`, or `{ input, error }` where there is no job. */
export function submissionLine({ input, job, error }: Submission): string {
  return `${JSON.stringify({ input: input.name, ...(job ? { job } : { error: described(error) }) })}\n`;
}

function described(error: Error | undefined): object {
  if (!(error instanceof FacefleetError)) return { detail: error?.message };
  const { code, retryable, message } = error;
  return error.problem ?? { code, retryable, detail: message };
}
