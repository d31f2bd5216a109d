export type { FacefleetClientOptions } from "./client-options.js";
export { compareEmbeddings, type EmbeddingComparison, embeddingOf } from "./embeddings.js";
export {
  type AnalyseOptions,
  type BatchListOptions,
  type BatchState,
  type BatchWaitOptions,
  type CallOptions,
  FacefleetClient,
  type JobState,
  type JobWaitOptions,
  type ListOptions,
  type SubmitAndWaitOptions,
  type SubmitOptions,
} from "./facefleet-client.js";
export {
  type ClientErrorCode,
  FacefleetError,
  type FacefleetErrorCode,
  type ProblemCode,
  type ReceivedProblem,
} from "./facefleet-error.js";
export type { ImageBytes } from "./image-bytes.js";
export type {
  AnalysisJob,
  AnalysisSubmission,
  MatchJob,
  MatchSubmission,
  VerifyJob,
  VerifySubmission,
} from "./job-submission.js";
export { resultOf } from "./result-of.js";
export { verifyWebhook, type WebhookRequest } from "./verify-webhook.js";
export type { WaitOptions } from "./wait-until-ended.js";
export { type WebhookFault, WebhookVerificationError } from "./webhook-verification-error.js";
export type * from "./wire.js";
