import type { Logger } from "./logger.js";
import { OccasionalLines } from "./occasional-lines.js";

/**
 * What a process is to do with what Node and libraries warn of, in place of the plain text that Node writes: lines of the
 * log, each kind of them once in a while.
 */
export function warningLines(logger: Logger): (warning: Error) => void {
  const lines = new OccasionalLines(logger);
  return (warning) => lines.write("warn", { err: warning }, "Node, or a library, warns of something", warning.name);
}
