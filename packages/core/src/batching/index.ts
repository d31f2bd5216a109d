export { DeviceQueue } from "./device-queue.js";
export { type CallOptions, DynamicBatcher } from "./dynamic-batcher.js";
export { type BatchReport, type BatchStage, batchStages, type StageBatcher } from "./stage-batcher.js";
export { WeightedSemaphore } from "./weighted-semaphore.js";
