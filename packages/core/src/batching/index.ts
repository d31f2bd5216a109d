export { type BatchTimes, DynamicBatcher, type DynamicBatcherOptions } from "./dynamic-batcher.js";
export { WeightedSemaphore } from "./weighted-semaphore.js";
