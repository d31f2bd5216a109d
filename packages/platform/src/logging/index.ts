export { createLogger, type Logger, type LoggerOptions } from "./logger.js";
export { OccasionalLines } from "./occasional-lines.js";
export { TurnDestination } from "./turn-destination.js";
