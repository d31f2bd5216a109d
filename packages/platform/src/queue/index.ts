export { FaceJobConsumer, type FaceJobConsumerOptions } from "./face-job-consumer.js";
export { FaceJobs, type Submission, type SubmitOptions } from "./face-jobs.js";
export type { Idempotency } from "./idempotency.js";
export type { JobPage, JobQuery } from "./job-list.js";
export type { CancelOutcome } from "./job-removal.js";
export { QueueSweep, type QueueSweepOptions } from "./queue-sweep.js";
export type { RunningJob, TakenJob } from "./taken-job.js";
export { UploadRegistry } from "./upload-registry.js";
export { WorkerRegistry } from "./worker-registry.js";
