import type { ObjectStore } from "@facefleet/platform";
import { inject } from "vitest";
import { bucketsOf } from "../support/buckets.js";

/** The deployment's S3 server, as somebody else who uses it sees it. */
export function openBuckets(): ObjectStore {
  return bucketsOf(inject("deployment")!);
}
