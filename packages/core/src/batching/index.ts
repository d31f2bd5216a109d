export { type BatchTimes, DynamicBatcher } from "./dynamic-batcher.js";
export { WeightedSemaphore } from "./weighted-semaphore.js";
