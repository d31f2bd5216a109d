import { ProblemError } from "@facefleet/contracts";

/** What a tenant may have at once. */
export interface Quotas {
  /** How many jobs may be queued or active; without it, any number. */
  readonly maxQueuedJobs?: number | undefined;
  /** How many bytes it may have in Redis; without it, any number. */
  readonly maxKeptBytes?: number | undefined;
  /** How many bytes it may have in the object store; without it, any number. */
  readonly maxStoredBytes?: number | undefined;
}

/** Why something is not taken in, as scripts say it. */
export const refusals = {
  tooManyJobs: -1,
  tooMuchKept: -2,
  tooMuchStored: -3,
  tooManyUploads: -4,
  uploadDoomed: -5,
} as const;

/** The same as it is told. */
export function refused(reason: number, quotas: Quotas & { readonly maxUploads?: number | undefined }): ProblemError {
  const [kept, stored] = [bytesOf(quotas.maxKeptBytes), bytesOf(quotas.maxStoredBytes)];
  switch (reason) {
    case refusals.uploadDoomed:
      return new ProblemError("upload_not_found", "Expected an upload that is to stay but it is about to be deleted.");
    case refusals.tooMuchKept:
      return new ProblemError(
        "too_much_kept",
        `Expected jobs, results and batches of at most ${kept} bytes in the queue.`,
      );
    case refusals.tooMuchStored:
      return new ProblemError(
        "too_much_stored",
        `Expected images and results of at most ${stored} bytes in the store.`,
      );
    case refusals.tooManyUploads:
      return new ProblemError(
        "too_many_uploads",
        `Expected fewer than ${quotas.maxUploads} uploads that are not over.`,
      );
    default:
      return new ProblemError("too_many_jobs", `Expected fewer than ${quotas.maxQueuedJobs} jobs that have not ended.`);
  }
}

/** A limit as scripts take it; undefined where there is none. */
export function bytesOf(most: number | undefined): number | undefined {
  return most === undefined || most === Number.POSITIVE_INFINITY ? undefined : Math.floor(most);
}
