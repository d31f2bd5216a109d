import type { WebhookSecret } from "@facefleet/contracts";
import type { RedisSettings } from "../../config/index.js";
import type { Logger } from "../../logging/index.js";
import { QueueKeys } from "../redis/queue-keys.js";
import { RedisConnection } from "../redis/redis-connection.js";
import { SecretRecords } from "./secret-records.js";

/**
 * Shows and rotates what a tenant's events are signed with.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class WebhookSecrets {
  readonly #connection: RedisConnection;
  readonly #records: SecretRecords;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#records = new SecretRecords(this.#connection.client, new QueueKeys(settings.QUEUE_PREFIX));
  }

  current(tenant: string): Promise<WebhookSecret> {
    return this.#connection.attempt(() => this.#records.current(tenant));
  }

  /** Makes a new secret; the one until now signs for another 24 hours. */
  rotate(tenant: string): Promise<WebhookSecret> {
    return this.#connection.attempt(() => this.#records.rotate(tenant));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
