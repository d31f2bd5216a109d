/**
 * Every way a request or a job can fail. One row per stable `code`; HTTP answers, stored job errors
 * and `docs/errors.md` are all made from this table.
 *
 * `retryable` means that the same request may succeed later without being changed.
 */
export interface ProblemRow {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly advice: string;
}

export const problemTable = {
  invalid_request: {
    status: 400,
    title: "The request does not have the expected form",
    retryable: false,
    advice: "Correct the fields listed in `errors`.",
  },
  malformed_json: {
    status: 400,
    title: "The body is not valid JSON",
    retryable: false,
    advice: "Send valid JSON, in UTF-8, with `Content-Type: application/json`.",
  },
  missing_image: {
    status: 400,
    title: "The request carries no image",
    retryable: false,
    advice:
      "Send multipart/form-data with a file part named `image`, or with `image1` and `image2` where two are compared; or JSON with the image in it.",
  },
  empty_image: {
    status: 400,
    title: "The image has no bytes",
    retryable: false,
    advice: "Check that the file was read completely before it was sent.",
  },
  invalid_embedding: {
    status: 400,
    title: "An embedding is not a usable vector",
    retryable: false,
    advice: "Send the 512 finite numbers of an embedding made by this service, not all of them zero.",
  },
  no_face_detected: {
    status: 400,
    title: "No face was found in the image",
    retryable: false,
    advice: "Send an image with a visible face, or lower `minFaceSize` or `minConfidence`.",
  },
  unauthorized: {
    status: 401,
    title: "The request carries no valid API key",
    retryable: false,
    advice: "Send `Authorization: Bearer <key>` with a key that the operator gave you and that has not been revoked.",
  },
  tenant_suspended: {
    status: 403,
    title: "The tenant is suspended",
    retryable: false,
    advice: "Ask the operator why. What was submitted before is kept until it expires, unless the operator erased it.",
  },
  bucket_forbidden: {
    status: 403,
    title: "The bucket may not be read",
    retryable: false,
    advice:
      "Use a bucket that is listed in `S3_ALLOWED_BUCKETS`, is open to your tenant, and that the service's credentials can read.",
  },
  url_forbidden: {
    status: 403,
    title: "The address may not be connected to",
    retryable: false,
    advice:
      "Use an http or https URL of a public host, without a user name; the operator can open private networks with `EGRESS_ALLOW`.",
  },
  host_forbidden: {
    status: 403,
    title: "The service is not asked by its own name",
    retryable: false,
    advice:
      "Ask for `localhost` or an address of this machine, as in `http://127.0.0.1:3000`; the operator can allow other names with `ALLOWED_HOSTS`.",
  },
  site_forbidden: {
    status: 403,
    title: "A page of another site may not ask",
    retryable: false,
    advice: "Without API keys, use the service from programs, or from pages that it or its own host serves.",
  },
  upload_url_invalid: {
    status: 403,
    title: "The upload URL is not valid",
    retryable: false,
    advice: "Ask for a new one with POST /v1/uploads and use it, unchanged, before `expiresAt`.",
  },
  job_not_found: {
    status: 404,
    title: "There is no such job",
    retryable: false,
    advice: "Check the id. Jobs are forgotten when their result expires or is erased.",
  },
  batch_not_found: {
    status: 404,
    title: "There is no such batch",
    retryable: false,
    advice: "Check the id. Batches are forgotten when their results expire or are erased.",
  },
  image_not_found: {
    status: 404,
    title: "There is no image where its reference points",
    retryable: false,
    advice: "Check the bucket, the key and the version, or that the URL answers 200, to anyone.",
  },
  upload_not_found: {
    status: 404,
    title: "There is no such upload",
    retryable: false,
    advice:
      "Upload the image again: uploads are deleted when the last job that names them ends, or after an hour without one.",
  },
  route_not_found: {
    status: 404,
    title: "There is nothing at this address",
    retryable: false,
    advice: "See /docs for the addresses and methods that exist.",
  },
  method_not_allowed: {
    status: 405,
    title: "This address is asked in another way",
    retryable: false,
    advice: "Use one of the methods in `Allow`.",
  },
  request_timeout: {
    status: 408,
    title: "The request did not arrive in time",
    retryable: true,
    advice: "Send it again, faster: a whole request may take two minutes.",
  },
  idempotency_conflict: {
    status: 409,
    title: "The idempotency key was used for another request",
    retryable: false,
    advice: "Use a new key for a new request; repeat a request with exactly the same body.",
  },
  job_canceled: {
    status: 409,
    title: "The job was canceled",
    retryable: false,
    advice: "Submit the image again if you still need the result.",
  },
  job_not_failed: {
    status: 409,
    title: "The job has not failed",
    retryable: false,
    advice: "Only failed jobs can be tried again; look the job up to see its state.",
  },
  job_not_repeatable: {
    status: 409,
    title: "The job cannot be tried again",
    retryable: false,
    advice: "Submit the image again as a new job.",
  },
  batch_not_repeatable: {
    status: 409,
    title: "The batch has nothing that could be tried again",
    retryable: false,
    advice:
      "Only items that failed, of a batch that has finished, can be tried again; look the batch up to see its state.",
  },
  webhook_absent: {
    status: 409,
    title: "There is no webhook to send",
    retryable: false,
    advice: "Only a job or a batch that was submitted with `webhook` and that has ended has one.",
  },
  body_too_large: {
    status: 413,
    title: "The request body is too large",
    retryable: false,
    advice:
      "Send fewer bytes; the limit is `MAX_IMAGE_BYTES` for each image, also for one in JSON, and 1 MiB for what else the JSON has, 4 MiB for that of a batch.",
  },
  image_too_large: {
    status: 413,
    title: "The image is too large",
    retryable: false,
    advice: "Scale the image down; the limits are `MAX_IMAGE_BYTES` and `MAX_IMAGE_PIXELS`.",
  },
  unsupported_media_type: {
    status: 415,
    title: "The Content-Type is not accepted here",
    retryable: false,
    advice:
      "Send what `detail` names: multipart/form-data or application/json for images, and application/json for everything else.",
  },
  unsupported_content_encoding: {
    status: 415,
    title: "The body's Content-Encoding is not accepted",
    retryable: false,
    advice: "Send the body as it is, not compressed, and without the header `Content-Encoding`.",
  },
  unsupported_image_format: {
    status: 415,
    title: "The image's format, or how it is coded, is not supported",
    retryable: false,
    advice:
      "Send JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC, of whole numbers of 8 to 16 bits; `detail` names what was received.",
  },
  image_undecodable: {
    status: 422,
    title: "The image cannot be decoded",
    retryable: false,
    advice: "The file is damaged or incomplete; export or upload it again.",
  },
  fingerprint_mismatch: {
    status: 422,
    title: "The embeddings were made differently",
    retryable: false,
    advice: "Compare embeddings of one `model.fingerprint`; embed the older image again.",
  },
  batch_too_large: {
    status: 422,
    title: "The batch has too many items",
    retryable: false,
    advice: "Split it: a batch has at most 100,000 items.",
  },
  batch_source_invalid: {
    status: 422,
    title: "The batch's items cannot be read",
    retryable: false,
    advice:
      "Check that the manifest has one image reference a line, as JSON in UTF-8 (which may be in gzip), and does not change while the batch is being read; or that the bucket can be listed.",
  },
  too_many_jobs: {
    status: 429,
    title: "The tenant has as many jobs as it may have",
    retryable: true,
    advice: "Wait until jobs have ended, at least the seconds in `Retry-After`, and submit the job again.",
  },
  too_many_batches: {
    status: 429,
    title: "The tenant has as many batches as it may have",
    retryable: true,
    advice: "Wait until batches have ended, at least the seconds in `Retry-After`, and submit the batch again.",
  },
  too_much_kept: {
    status: 429,
    title: "The tenant has as much in the queue's memory as it may have",
    retryable: true,
    advice:
      "Wait until jobs and batches have ended, erase results that you have read, or ask for shorter ones with `resultTtlSeconds`; then submit it again.",
  },
  too_much_stored: {
    status: 429,
    title: "The tenant has as much in the object store as it may have",
    retryable: true,
    advice:
      "Wait until jobs with uploads have ended and results have expired, or erase results that you have read; then submit it again.",
  },
  too_many_uploads: {
    status: 429,
    title: "The tenant has as many uploads as it may have",
    retryable: true,
    advice:
      "Submit jobs with those that have arrived, or wait until they are forgotten, an hour after they were asked for.",
  },
  too_many_waits: {
    status: 429,
    title: "The tenant waits for as many jobs as it may at once",
    retryable: true,
    advice:
      "Close streams of events and end waits that are not needed, or register a `webhook`, which tells of each end.",
  },
  too_many_downloads: {
    status: 429,
    title: "The tenant reads as many large answers as it may at once",
    retryable: true,
    advice: "Read the answers that are on their way to their end, and ask again after the seconds in `Retry-After`.",
  },
  rate_limited: {
    status: 429,
    title: "The tenant sends more requests than it may",
    retryable: true,
    advice: "Wait the seconds in `Retry-After`; `RateLimit` tells how many requests are left.",
  },
  headers_too_large: {
    status: 431,
    title: "The request's URL and headers are too large",
    retryable: false,
    advice: "Send a shorter URL and fewer or shorter headers: together they may have 16 KiB.",
  },
  internal_error: {
    status: 500,
    title: "The service failed",
    retryable: true,
    advice: "Try again; if it stays, give the operator the request id.",
  },
  inference_failed: {
    status: 500,
    title: "The inference engine failed",
    retryable: true,
    advice: "Try again; the operator finds the cause in the worker's log.",
  },
  job_timeout: {
    status: 504,
    title: "The job took too long",
    retryable: false,
    advice: "Scale the image down or raise `minFaceSize`; the limit is `JOB_TIMEOUT`.",
  },
  worker_lost: {
    status: 500,
    title: "The job was given up after its workers died",
    retryable: true,
    advice: "Try again once; if it stays, tell the operator: the image may be what kills the worker.",
  },
  image_unreachable: {
    status: 502,
    title: "The image could not be fetched from its URL",
    retryable: true,
    advice: "Check that the URL answers 200 within the time limit, to anyone, with the image itself.",
  },
  queue_unavailable: {
    status: 503,
    title: "The job queue cannot be reached",
    retryable: true,
    advice:
      "Try again after the seconds in `Retry-After`. Nothing was done, or nothing that it would harm to do again.",
  },
  submission_unconfirmed: {
    status: 503,
    title: "It is not known whether the job or the batch was submitted",
    retryable: false,
    advice:
      "Send the same request with the header `Idempotency-Key` that the answer has, which is also in `idempotencyKey`: whatever became of the first one, there will be one job or batch. Without it there may be two.",
  },
  store_unavailable: {
    status: 503,
    title: "The object store cannot be reached",
    retryable: true,
    advice: "Try again after the seconds in `Retry-After`.",
  },
  shutting_down: {
    status: 503,
    title: "This process is shutting down",
    retryable: true,
    advice: "Try again after the seconds in `Retry-After`; another process will answer.",
  },
  sync_timeout: {
    status: 504,
    title: "The job is not finished yet",
    retryable: true,
    advice: "The job goes on: follow the URL in `job`.",
  },
} as const satisfies Record<string, ProblemRow>;

export type ProblemCode = keyof typeof problemTable;

export const problemCodes = Object.keys(problemTable) as ProblemCode[];
