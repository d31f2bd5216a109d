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

/** What a bucket gets that is asked for in a region where it is not. */
const elsewhere = new Set(["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"]);

export function isAbsent(error: unknown): boolean {
  return (error instanceof S3ServiceException && absent.has(error.name)) || statusOf(error) === 404;
}

/** What an error of the SDK means to the one who asked for `ref`. */
export function readProblem(error: unknown, ref: ObjectRef): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isAbsent(error) || isVersionAbsent(error, ref)) {
    return new ProblemError("image_not_found", `Expected an object at ${ref.bucket}/${ref.key} but there is none.`, {
      cause: error,
    });
  }
  const region = otherRegion(error);
  if (region) return new ProblemError("bucket_forbidden", `The bucket ${ref.bucket} is ${region}.`, { cause: error });
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
  const region = otherRegion(error);
  const detail = region ? `The service's bucket is ${region}.` : "The object store did not answer as expected.";
  return new ProblemError("store_unavailable", detail, { cause: error });
}

/** Where a bucket is that the SDK could not follow there; undefined for other errors. */
function otherRegion(error: unknown): string | undefined {
  if (!(error instanceof S3ServiceException)) return undefined;
  if (!elsewhere.has(error.name) && statusOf(error) !== 301) return undefined;
  const region = error.$response?.headers["x-amz-bucket-region"] ?? ("Region" in error ? error.Region : undefined);
  return `in another region than S3_REGION${region ? `, ${region}` : ""}`;
}

/** Statuses that ask to come again. */
const passing = new Set([408, 425, 429]);

/** Whether an answer of a store that is there is about what was asked of it, and would be no other after an outage. */
export function isAboutRequest(error: unknown): boolean {
  if (!(error instanceof Error) || badCredentials.has(error.name)) return false;
  const status = statusOf(error) ?? 0;
  return status >= 300 && status < 500 && !passing.has(status);
}

/** Also where the answer is not S3's, but that of a server before it. */
function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
}
