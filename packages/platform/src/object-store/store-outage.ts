import { ProblemError } from "@facefleet/contracts";
import { isAboutRequest } from "./s3-problem.js";

/**
 * Whether a failure may mean that the store is away, overloaded, or closed to the service: nothing that the one who asked
 * can do anything about.
 */
export function isStoreOutage(error: unknown): boolean {
  if (!(error instanceof ProblemError) || error.code !== "store_unavailable") return false;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (isAboutRequest(cause)) return false;
  }
  return true;
}
