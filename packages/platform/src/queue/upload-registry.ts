import { randomBytes } from "node:crypto";
import type { RedisSettings } from "../config/index.js";
import type { Logger } from "../logging/index.js";
import { QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";

/** How long whoever took an expired upload has to delete it, before it is given to another. */
const leaseMs = 5 * 60 * 1000;

/** KEYS: the uploads. ARGV: now, the end of the lease, how many. */
const takeExpiredScript = `
local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1], "LIMIT", 0, ARGV[3])
for _, id in ipairs(ids) do
  redis.call("ZADD", KEYS[1], ARGV[2], id)
end
return ids`;

/**
 * Every upload from before its bytes are stored until a job has it or it is deleted, so that none is left
 * behind.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class UploadRegistry {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
  }

  async add(id: string, expiresAt: Date): Promise<void> {
    await this.#connection.attempt(() => this.#connection.client.zadd(this.#keys.uploads, expiresAt.getTime(), id));
  }

  /** To be called once the bytes are deleted. Idempotent. */
  async remove(id: string): Promise<void> {
    await this.#connection.attempt(() => this.#connection.client.zrem(this.#keys.uploads, id));
  }

  /** Up to `limit` uploads to delete. Each comes again after five minutes unless it is removed by then. */
  takeExpired(limit: number): Promise<string[]> {
    return this.#connection.attempt(async () => {
      const now = Date.now();
      const { client } = this.#connection;
      const ids = await client.eval(takeExpiredScript, 1, this.#keys.uploads, now, now + leaseMs, limit);
      return ids as string[];
    });
  }

  /** The secret, common to all processes, that upload URLs are signed with. */
  secret(): Promise<string> {
    return this.#connection.attempt(async () => {
      const { client } = this.#connection;
      await client.set(this.#keys.uploadSecret, randomBytes(32).toString("base64url"), "NX");
      return (await client.get(this.#keys.uploadSecret))!;
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
