export { answered } from "./answered.js";
export { dropReason, type FaceFilters } from "./drop-reason.js";
export { isUpright } from "./pose.js";
export { type QualityMeter, qualityMeter } from "./quality-meter.js";
