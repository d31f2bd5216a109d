import type { WebhookSecret } from "@facefleet/contracts";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { SecretRecords } from "./secret-records.js";

/**
 * Shows and rotates what a tenant's events are signed with.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class WebhookSecrets {
  readonly #connection: RedisConnection;
  readonly #records: SecretRecords;

  constructor(redis: FleetRedis) {
    this.#connection = redis.commands;
    this.#records = new SecretRecords(this.#connection.client, redis.keys);
  }

  current(tenant: string): Promise<WebhookSecret> {
    return this.#connection.attempt(() => this.#records.current(tenant));
  }

  /** Makes a new secret; the one until now signs for another 24 hours. */
  rotate(tenant: string): Promise<WebhookSecret> {
    return this.#connection.attempt(() => this.#records.rotate(tenant));
  }
}
