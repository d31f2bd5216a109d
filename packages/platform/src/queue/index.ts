export type { BatchCount } from "./batches/batch-count.js";
export type { BatchChunk, ChunkItem } from "./batches/batch-expansion.js";
export { itemPrefix, labelled } from "./batches/batch-items.js";
export type { BatchPage, BatchQuery } from "./batches/batch-list.js";
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
export { itemEnds } from "./batches/item-end.js";
export { LineReader } from "./batches/line-reader.js";
export type { PartLines, StoredPart } from "./batches/part-lines.js";
export type { StoredBatch } from "./batches/stored-batches.js";
export { type FleetObservation, FleetObserver, type TenantState } from "./fleet/fleet-observer.js";
export { Orphans } from "./fleet/orphans.js";
export { QueueSweep, type QueueSweepOptions } from "./fleet/queue-sweep.js";
export { type Allowance, RequestLimits, requestWindowSeconds } from "./fleet/request-limits.js";
export { type Erased, TenantWork } from "./fleet/tenant-work.js";
export type { Idempotency } from "./jobs/admission/idempotency.js";
export type { JobEnd } from "./jobs/ends/job-end.js";
export { type KnownRequest, KnownResults } from "./jobs/ends/known-results.js";
export { FaceJobs, type FoundJob, type Submission, type SubmitOptions } from "./jobs/face-jobs.js";
export { hasEnded, uploadsOf } from "./jobs/job/job-view.js";
export type { JobPage, JobQuery } from "./jobs/lookup/job-list.js";
export type { CancelOutcome } from "./jobs/lookup/job-removal.js";
export { FaceJobConsumer, type FaceJobConsumerOptions } from "./jobs/work/face-job-consumer.js";
export { JobGivenBack } from "./jobs/work/job-given-back.js";
export type { RunningJob, TakenJob } from "./jobs/work/taken-job.js";
export { WorkerRegistry } from "./jobs/work/worker-registry.js";
export { partOf, partSize } from "./ledger/batch-part.js";
export type { Quotas } from "./ledger/quotas.js";
export { anyRoom, RedisRoom, type Room } from "./ledger/redis-room.js";
export type { DueForDeletion } from "./redis/due.js";
export { FleetRedis } from "./redis/fleet-redis.js";
export { RedisFault, redisFaultOf } from "./redis/redis-check.js";
export type { Part } from "./redis/taking.js";
export { expectUsableRedis, lastingFaultOf } from "./redis/usable-redis.js";
export { isStored, type KeptText, type StoredText } from "./results/kept-text.js";
export { StoredResults } from "./results/stored-results.js";
export { type UploadClaim, UploadRegistry } from "./uploads/upload-registry.js";
export * from "./webhooks/index.js";
