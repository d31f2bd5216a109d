export { DynamicBatcher } from "./dynamic-batcher.js";
export type { BatchReport, StageBatcher } from "./stage-batcher.js";
export { WeightedSemaphore } from "./weighted-semaphore.js";
