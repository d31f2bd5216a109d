export { type BatchReport, DynamicBatcher } from "./batching/index.js";
export * from "./engines/index.js";
export * from "./matching/index.js";
export * from "./pipeline/index.js";
