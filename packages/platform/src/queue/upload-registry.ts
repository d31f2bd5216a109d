import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RedisSettings } from "../config/index.js";
import type { Logger } from "../logging/index.js";
import { takeDue } from "./due.js";
import { QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";

/** How long whoever took an expired upload has to delete it, before it is given to another. */
const leaseMs = 5 * 60 * 1000;

/** Of an upload's id: what is random, and what says whose it is. In bytes; hex in the id. */
const nonceLength = 8;
const ownerLength = 8;

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
    const { client } = this.#connection;
    return this.#connection.attempt(() => takeDue(client, this.#keys.uploads, { leaseMs, limit }));
  }

  /** An id for an upload that jobs of this tenant only may name. */
  async newId(tenant: string): Promise<string> {
    const nonce = randomBytes(nonceLength).toString("hex");
    return `${nonce}${ownerOf(nonce, tenant, await this.secret()).toString("hex")}`;
  }

  /** Whether `newId` gave this id to this tenant. */
  async isOwn(tenant: string, id: string): Promise<boolean> {
    const nonce = id.slice(0, 2 * nonceLength);
    const owner = Buffer.from(id.slice(2 * nonceLength), "hex");
    return owner.length === ownerLength && timingSafeEqual(owner, ownerOf(nonce, tenant, await this.secret()));
  }

  /** The secret, common to all processes, that upload URLs are signed with. */
  secret(): Promise<string> {
    return this.#connection.attempt(async () => {
      const { client } = this.#connection;
      const fresh = randomBytes(32).toString("base64url");
      // Both on their way at once, and answered in this order.
      const [, secret] = await Promise.all([
        client.set(this.#keys.uploadSecret, fresh, "NX"),
        client.get(this.#keys.uploadSecret),
      ]);
      return secret!;
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function ownerOf(nonce: string, tenant: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(`upload\n${nonce}\n${tenant}`).digest().subarray(0, ownerLength);
}
