export { createLogger, type Logger, type LoggerOptions } from "./logger.js";
export { OccasionalLines } from "./occasional-lines.js";
export { TurnDestination } from "./turn-destination.js";
export { warningLines } from "./warning-lines.js";
