export type {
  AnalysisResult,
  Batch,
  BatchLine,
  BatchRequest,
  Face,
  FleetAnswer,
  ImageRef,
  Job,
  JobOptions,
  JobState,
  ModelsAnswer,
  Problem,
  ProblemCode,
  RequestImage,
  VerifyResult,
  WebhookAttempt,
  WebhookAttempts,
  WebhookEvent,
} from "@facefleet/contracts";
export type { FacefleetClientOptions } from "./client-options.js";
export {
  type BatchWaitOptions,
  type CallOptions,
  FacefleetClient,
  type ListOptions,
  type SubmitOptions,
} from "./facefleet-client.js";
export {
  type ClientErrorCode,
  FacefleetError,
  type FacefleetErrorCode,
  type ReceivedProblem,
} from "./facefleet-error.js";
export type { AnalysisJob, AnalysisSubmission, ImageBytes, VerifyJob, VerifySubmission } from "./job-submission.js";
export { resultOf } from "./result-of.js";
export { verifyWebhook, type WebhookRequest } from "./verify-webhook.js";
export type { WaitOptions } from "./wait-until-ended.js";
export { type WebhookFault, WebhookVerificationError } from "./webhook-verification-error.js";
