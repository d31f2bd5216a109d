import { FacefleetError } from "@facefleet/client";
import type { Submission } from "./submission.js";

/** One line of JSON: `{ input, job }`, with `drawing` where there is one; or `{ input, error }` where there is no job. */
export function submissionLine({ input, job, error, drawing }: Submission): string {
  const outcome = job ? { job, ...(drawing !== undefined && { drawing }) } : { error: described(error) };
  return `${JSON.stringify({ input: input.name, ...outcome })}\n`;
}

function described(error: Error | undefined): object {
  if (!(error instanceof FacefleetError)) return { detail: error?.message };
  const { code, retryable, message } = error;
  return error.problem ?? { code, retryable, detail: message };
}
