import type { Readable } from "node:stream";
import type { Logger } from "../../logging/index.js";
import type { ObjectStore } from "../../object-store/index.js";
import { type DueForDeletion, takeDueForDeletion } from "../redis/due.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import type { KeptText, StoredText } from "./kept-text.js";
import { ResultStore, removeResult } from "./result-store.js";

/** How long whoever took a result that is over has to delete it, before it is given to another. */
const leaseMs = 60_000;

/** The results that are in the object store, for those who read and delete them there. */
export class StoredResults {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #results: ResultStore;

  constructor(redis: FleetRedis, options: { readonly logger: Logger; readonly store: ObjectStore }) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
    this.#results = new ResultStore(this.#connection.client, this.#keys, options);
  }

  /** The bytes of a text, wherever it is, piece by piece. */
  bytes(kept: KeptText): AsyncIterable<Buffer> {
    return this.#results.bytes(kept);
  }

  /**
   * Stores bytes as an object like a result, which is deleted within the hour unless something comes to keep it.
   * @throws ProblemError `queue_unavailable`, `store_unavailable`
   */
  put(body: Readable, options: { readonly contentType: string; readonly maxBytes: number }): Promise<StoredText> {
    return this.#connection.attempt(() => this.#results.put(body, options));
  }

  /** Deletes an object that nothing has come to keep. Never fails. */
  discard(stored: StoredText): Promise<void> {
    return this.#results.discard(stored);
  }

  /**
   * The ids of up to `limit` results to delete. Each comes again after a minute unless it is removed by then.
   * @throws ProblemError `queue_unavailable`
   */
  takeExpired(limit: number): Promise<DueForDeletion> {
    const { client } = this.#connection;
    return this.#connection.attempt(() => takeDueForDeletion(client, this.#keys.results, { leaseMs, limit }));
  }

  /** To be called once the object is deleted. Idempotent. */
  async remove(id: string): Promise<void> {
    await this.#connection.attempt(() => removeResult(this.#connection.client, this.#keys, id));
  }
}
