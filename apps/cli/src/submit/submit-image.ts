import { openAsBlob } from "node:fs";
import type { AnalysisSubmission } from "@facefleet/client";
import type { SubmitInput } from "./submit-input.js";

/** What stands for an input in its job: the name of an object, or the bytes of a file, read as they are sent. */
export async function imageOf(
  input: Extract<SubmitInput, { kind: "file" | "s3" }>,
): Promise<AnalysisSubmission["image"]> {
  if (input.kind === "s3") return { s3: { bucket: input.bucket, key: input.key } };
  return openAsBlob(input.name, { type: input.contentType });
}
