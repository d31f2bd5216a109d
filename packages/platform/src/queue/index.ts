export { FaceJobConsumer, type FaceJobConsumerOptions } from "./face-job-consumer.js";
export { type CancelOutcome, FaceJobs, type Submission, type SubmitOptions } from "./face-jobs.js";
export type { Idempotency } from "./idempotency.js";
export type { TakenJob } from "./taken-job.js";
export { UploadRegistry } from "./upload-registry.js";
export { WorkerRegistry } from "./worker-registry.js";
