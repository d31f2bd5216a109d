import type { WebhookSecret } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { newWebhookSecret } from "../../webhooks/secret.js";
import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";

/** How long a secret signs after it was replaced. */
const overlapMs = 24 * 3600 * 1000;
/** A rotation that is asked for again within this time, because its answer was lost, has been done. */
const sameRotationMs = 5 * 60 * 1000;
/** Of secrets that were replaced; as many signatures has an event at most. */
const mostFormer = 10;

/** The current secret, when it was made, and those before it, newest first, each with the time until when it signs. */
type Secrets = [secret: string, createdAt: string, former: string];

interface FormerSecret {
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/**
 * Lua functions. `former` gives those that still sign; a version before this one kept only one, in fields of its own.
 */
const secretsOf = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format("%.0f", number) end

local function former(key)
  local kept, previous, previousUntil = unpack(redis.call("HMGET", key, "former", "previous", "previousUntil"))
  local all = kept and cjson.decode(kept) or previous and {{secret = previous, ["until"] = tonumber(previousUntil)}} or {}
  local signing = {}
  for _, one in ipairs(all) do
    if one["until"] > now then signing[#signing + 1] = one end
  end
  return signing
end

local function shown(key)
  local secret, createdAt = unpack(redis.call("HMGET", key, "secret", "createdAt"))
  return {secret, createdAt, cjson.encode(former(key))}
end
`;

/** KEYS: secrets. ARGV: a new one. */
const obtain = new RedisScript<Secrets>(`${secretsOf}
if redis.call("HSETNX", KEYS[1], "secret", ARGV[1]) == 1 then redis.call("HSET", KEYS[1], "createdAt", text(now)) end
return shown(KEYS[1])`);

/** KEYS: secrets. ARGV: a new one, how long the others go on signing, how long a rotation is the same, how many are kept. */
const rotate = new RedisScript<Secrets>(`${secretsOf}
local fresh, overlap, same, most = unpack(ARGV)
local before, rotatedAt = unpack(redis.call("HMGET", KEYS[1], "secret", "rotatedAt"))
if rotatedAt and now - rotatedAt < tonumber(same) then return shown(KEYS[1]) end
if before then
  local signing = former(KEYS[1])
  table.insert(signing, 1, {secret = before, ["until"] = now + overlap})
  while #signing > tonumber(most) do table.remove(signing) end
  redis.call("HSET", KEYS[1], "former", cjson.encode(signing))
  redis.call("HDEL", KEYS[1], "previous", "previousUntil")
end
redis.call("HSET", KEYS[1], "secret", fresh, "createdAt", text(now), "rotatedAt", text(now))
return shown(KEYS[1])`);

/** What each tenant's events are signed with. A tenant's first secret is made when it is first needed. */
export class SecretRecords {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
  ) {}

  async current(tenant: string): Promise<WebhookSecret> {
    return shown(await this.#obtain(tenant));
  }

  /**
   * Makes a new secret, unless that was done within the last five minutes: the answer to it may have been lost. Those
   * until now sign for another day.
   */
  async rotate(tenant: string): Promise<WebhookSecret> {
    const args = [newWebhookSecret(), overlapMs, sameRotationMs, mostFormer];
    return shown(await rotate.run(this.redis, [this.keys.webhookSecrets(tenant)], args));
  }

  /** The secrets that sign now, newest first. */
  async signing(tenant: string): Promise<string[]> {
    const secrets = await this.#obtain(tenant);
    return [secrets[0], ...formerOf(secrets).map(({ secret }) => secret)];
  }

  #obtain(tenant: string): Promise<Secrets> {
    return obtain.run(this.redis, [this.keys.webhookSecrets(tenant)], [newWebhookSecret()]);
  }
}

/** An empty list of Lua's is an object in JSON. */
function formerOf([, , former]: Secrets): FormerSecret[] {
  const read: FormerSecret[] | object = JSON.parse(former);
  return Array.isArray(read) ? read : [];
}

function shown(secrets: Secrets): WebhookSecret {
  const [secret, createdAt] = secrets;
  const [newest] = formerOf(secrets);
  return {
    secret,
    createdAt: new Date(Number(createdAt)).toISOString(),
    ...(newest && { previousUntil: new Date(newest.until).toISOString() }),
  };
}
