import type { RedisSettings } from "../../config/index.js";
import type { Logger } from "../../logging/index.js";
import { inTrace } from "../../tracing/index.js";
import { ConnectionLog } from "./connection-log.js";
import { QueueKeys } from "./queue-keys.js";
import { type Purpose, RedisConnection } from "./redis-connection.js";

/**
 * The fleet's Redis, as all of a process has it: one connection for each purpose, made when it is first asked for. A loss
 * is one line of the log, which names the purposes that are affected.
 */
export class FleetRedis {
  readonly keys: QueueKeys;
  readonly #settings: RedisSettings;
  readonly #log: ConnectionLog;
  readonly #connections = new Map<Purpose, RedisConnection>();

  constructor(settings: RedisSettings, { logger }: { readonly logger: Logger }) {
    this.#settings = settings;
    this.#log = new ConnectionLog(logger);
    this.keys = new QueueKeys(settings.QUEUE_PREFIX);
  }

  /** What answers or fails within about a second. */
  get commands(): RedisConnection {
    return this.#connection("commands");
  }

  /** What is long, so that nothing else waits behind it. It fails a little later. */
  get longReads(): RedisConnection {
    return this.#connection("longReads");
  }

  /** What waits until Redis is back: taking jobs, and ending them. Each of BullMQ's workers waits on one like it. */
  get work(): RedisConnection {
    return this.#connection("work");
  }

  /** What is said on channels, and nothing else. */
  get news(): RedisConnection {
    return this.#connection("news");
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }

  #connection(purpose: Purpose): RedisConnection {
    const known = this.#connections.get(purpose);
    if (known) return known;
    // It outlives the trace in which it is first needed.
    const connection = inTrace(undefined, () => new RedisConnection(this.#settings, { purpose, log: this.#log }));
    this.#connections.set(purpose, connection);
    return connection;
  }
}
