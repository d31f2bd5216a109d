export type { Quotas } from "./admission.js";
export type { BatchCount } from "./batches/batch-count.js";
export type { BatchChunk, ChunkItem } from "./batches/batch-expansion.js";
export { itemPrefix } from "./batches/batch-items.js";
export { partSize } from "./batches/batch-lines.js";
export {
  type BatchPlan,
  type BatchRecord,
  type BatchSource,
  endedItems,
  itemsWithLines,
  partsOf,
} from "./batches/batch-record.js";
export { BatchSteps } from "./batches/batch-steps.js";
export { Batches, type BatchOptions, type BatchRemoval, type BatchSubmission } from "./batches/batches.js";
export type { StoredBatch } from "./batches/stored-batches.js";
export type { DueForDeletion } from "./due.js";
export { FaceJobConsumer, type FaceJobConsumerOptions } from "./face-job-consumer.js";
export { FaceJobs, type FoundJob, type Submission, type SubmitOptions } from "./face-jobs.js";
export { type FleetObservation, FleetObserver, type TenantState } from "./fleet-observer.js";
export type { Idempotency } from "./idempotency.js";
export { JobGivenBack } from "./job-given-back.js";
export type { JobPage, JobQuery } from "./job-list.js";
export type { CancelOutcome } from "./job-removal.js";
export { uploadsOf } from "./job-view.js";
export { type KnownRequest, KnownResults } from "./known-results.js";
export { anyRoom, RedisRoom, type Room } from "./ledger/redis-room.js";
export { Orphans } from "./orphans.js";
export type { JobEnd } from "./outcomes.js";
export { QueueSweep, type QueueSweepOptions } from "./queue-sweep.js";
export { RedisFault, redisFaultOf } from "./redis-check.js";
export { type Allowance, RequestLimits, requestWindowSeconds } from "./request-limits.js";
export { isStored, type KeptText, type StoredText } from "./results/kept-text.js";
export { StoredResults } from "./results/stored-results.js";
export type { RunningJob, TakenJob } from "./taken-job.js";
export type { Part } from "./taking.js";
export { type Erased, TenantWork } from "./tenant-work.js";
export { type UploadClaim, UploadRegistry } from "./uploads/upload-registry.js";
export { expectUsableRedis, lastingFaultOf } from "./usable-redis.js";
export * from "./webhooks/index.js";
export { WorkerRegistry } from "./worker-registry.js";
