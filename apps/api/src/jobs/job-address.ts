import { ProblemError } from "@facefleet/contracts";
import { Type } from "typebox";

export const JobParams = Type.Object({ id: Type.String({ description: "The job's id." }) });

/**
 * The id in a job's address. Other text could name one of the queue's own keys.
 * @throws ProblemError `job_not_found`
 */
export function jobId({ id }: { readonly id: string }): string {
  if (!/^j[0-9a-f]{32}$/.test(id)) throw jobNotFound(id);
  return id;
}

export function jobNotFound(id: string): ProblemError {
  return new ProblemError("job_not_found", `Expected the id of a job but received ${JSON.stringify(id.slice(0, 100))}`);
}
