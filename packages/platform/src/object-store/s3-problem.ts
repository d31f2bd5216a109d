import { S3ServiceException } from "@aws-sdk/client-s3";
import { ProblemError } from "@facefleet/contracts";
import type { ObjectRef } from "./object-store.js";

const absent = new Set([
  "NoSuchKey",
  "NoSuchBucket",
  "NoSuchVersion",
  "NotFound",
  "InvalidBucketName",
  "KeyTooLongError",
]);
/** What a version's id gets that is no such id, or is that of the object's deletion. */
const noVersion = new Set(["InvalidArgument", "MethodNotAllowed"]);
/** Refusals that are about the service's own credentials, not about the object. */
const badCredentials = new Set([
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "ExpiredToken",
  "InvalidToken",
  "RequestTimeTooSkewed",
]);

export function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && (absent.has(error.name) || statusOf(error) === 404);
}

/** What an error of the SDK means to the one who asked for `ref`. */
export function readProblem(error: unknown, ref: ObjectRef): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isAbsent(error) || isVersionAbsent(error, ref)) {
    return new ProblemError("image_not_found", `Expected an object at ${ref.bucket}/${ref.key} but there is none.`, {
      cause: error,
    });
  }
  if (error instanceof S3ServiceException && statusOf(error) === 403 && !badCredentials.has(error.name)) {
    return new ProblemError("bucket_forbidden", `The object store refuses to read ${ref.bucket}/${ref.key}.`, {
      cause: error,
    });
  }
  return unavailable(error);
}

function isVersionAbsent(error: unknown, { versionId }: ObjectRef): boolean {
  return versionId !== undefined && error instanceof S3ServiceException && noVersion.has(error.name);
}

/** For requests that only the service itself makes: whatever fails is the store's, or its operator's, fault. */
export function unavailable(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError("store_unavailable", "The object store did not answer as expected.", { cause: error });
}

/** Statuses that ask to come again. */
const passing = new Set([408, 425, 429]);

/** Whether an answer of a store that is there is about what was asked of it, and would be no other after an outage. */
export function isAboutRequest(error: unknown): boolean {
  if (!(error instanceof S3ServiceException) || badCredentials.has(error.name)) return false;
  const status = statusOf(error) ?? 0;
  return status >= 400 && status < 500 && !passing.has(status);
}

function statusOf(error: S3ServiceException): number | undefined {
  return error.$metadata.httpStatusCode;
}
