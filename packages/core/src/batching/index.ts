export { decoderLimits, decoderThreads } from "./decoder-limits.js";
export { DeviceQueue } from "./device-queue.js";
export { type CallOptions, DynamicBatcher } from "./dynamic-batcher.js";
export { type ImageMemory, imageMemory } from "./image-memory.js";
export { type BatchReport, type BatchStage, batchStages, type StageBatcher } from "./stage-batcher.js";
export { ThreadTurn } from "./thread-turn.js";
export { type Admitted, WeightedSemaphore } from "./weighted-semaphore.js";
