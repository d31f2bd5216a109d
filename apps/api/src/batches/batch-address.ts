import { ProblemError } from "@facefleet/contracts";
import { Type } from "typebox";

export const BatchParams = Type.Object({ id: Type.String({ description: "The batch's id." }) });

/**
 * The id in a batch's address.
 * @throws ProblemError `batch_not_found`
 */
export function batchId({ id }: { readonly id: string }): string {
  if (!/^b[0-9a-f]{32}$/.test(id)) throw batchNotFound(id);
  return id;
}

export function batchNotFound(id: string): ProblemError {
  return new ProblemError(
    "batch_not_found",
    `Expected the id of a batch but received ${JSON.stringify(id.slice(0, 100))}`,
  );
}
