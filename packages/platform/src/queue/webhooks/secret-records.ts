import type { WebhookSecret } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { newWebhookSecret } from "../../webhooks/secret.js";
import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";

/** How long the secret before the current one signs as well. */
const overlapMs = 24 * 3600 * 1000;

type Fields = [secret: string, createdAt: string, previous: string | null, previousUntil: string | null];

/** KEYS: secrets. ARGV: a new one, now. */
const obtain = new RedisScript<Fields>(`
if redis.call("HSETNX", KEYS[1], "secret", ARGV[1]) == 1 then redis.call("HSET", KEYS[1], "createdAt", ARGV[2]) end
return redis.call("HMGET", KEYS[1], "secret", "createdAt", "previous", "previousUntil")`);

/** KEYS: secrets. ARGV: a new one, now, until when the one before it signs. */
const rotate = new RedisScript<Fields>(`
local before = redis.call("HGET", KEYS[1], "secret")
if before then redis.call("HSET", KEYS[1], "previous", before, "previousUntil", ARGV[3]) end
redis.call("HSET", KEYS[1], "secret", ARGV[1], "createdAt", ARGV[2])
return redis.call("HMGET", KEYS[1], "secret", "createdAt", "previous", "previousUntil")`);

/** What each tenant's events are signed with. A tenant's first secret is made when it is first needed. */
export class SecretRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  async current(tenant: string): Promise<WebhookSecret> {
    return shown(await this.#obtain(tenant));
  }

  /** Makes a new secret. The current one signs for another day; one before that, no more. */
  async rotate(tenant: string): Promise<WebhookSecret> {
    const now = Date.now();
    const args = [newWebhookSecret(), now, now + overlapMs];
    return shown(await rotate.run(this.redis, [this.keys.webhookSecrets(tenant)], args));
  }

  /** The secrets that sign now, newest first. */
  async signing(tenant: string): Promise<string[]> {
    const [secret, , previous, previousUntil] = await this.#obtain(tenant);
    return previous !== null && Number(previousUntil) > Date.now() ? [secret, previous] : [secret];
  }

  #obtain(tenant: string): Promise<Fields> {
    return obtain.run(this.redis, [this.keys.webhookSecrets(tenant)], [newWebhookSecret(), Date.now()]);
  }
}

function shown([secret, createdAt, , previousUntil]: Fields): WebhookSecret {
  const until = Number(previousUntil ?? 0);
  return {
    secret,
    createdAt: new Date(Number(createdAt)).toISOString(),
    ...(until > Date.now() && { previousUntil: new Date(until).toISOString() }),
  };
}
