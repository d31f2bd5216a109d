export { createLogger, type Logger, type LoggerOptions } from "./logger.js";
export { TurnDestination } from "./turn-destination.js";
