import { type Logger, OccasionalLines } from "../../logging/index.js";

const everyMs = 1000;
/** How long a process takes to see that it cannot start. */
const startMs = 2000;
const logs = new WeakMap<Logger, ConnectionLog>();

/**
 * Says once when the connections of a process to Redis are lost, and once when all are there again: they come and go
 * together.
 */
export class ConnectionLog {
  readonly #lines: OccasionalLines;
  readonly #lost = new Set<object>();

  private constructor(logger: Logger) {
    this.#lines = new OccasionalLines(logger, everyMs);
  }

  /** That of all connections that log to the same place. */
  static of(logger: Logger): ConnectionLog {
    const log = logs.get(logger) ?? new ConnectionLog(logger);
    logs.set(logger, log);
    return log;
  }

  lost(connection: object, redis: string, error: Error | undefined): void {
    if (this.#lost.has(connection)) return;
    this.#lost.add(connection);
    if (this.#lost.size > 1) return;
    this.#lines.write("warn", { err: error, redis }, "Redis connection lost; trying to reconnect");
  }

  /** One that has never been there: nobody needs to hear of it who is told that the process cannot start. */
  absent(connection: object, redis: string, error: Error | undefined): void {
    if (this.#lost.has(connection)) return;
    this.#lost.add(connection);
    const say = () => this.#lines.write("warn", { err: error, redis }, "Redis cannot be reached yet; trying again");
    setTimeout(() => this.#lost.has(connection) && say(), startMs).unref();
  }

  restored(connection: object): void {
    if (this.#lost.delete(connection) && this.#lost.size === 0)
      this.#lines.write("info", {}, "Redis connection restored");
  }

  /** One that is closed comes back no more. */
  forget(connection: object): void {
    this.#lost.delete(connection);
  }
}
