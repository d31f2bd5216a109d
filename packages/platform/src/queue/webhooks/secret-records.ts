import type { WebhookSecret } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "../redis/queue-keys.js";
import { as, clock, part, script } from "../redis/script.js";
import { newWebhookSecret } from "./secret.js";

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
const secretsOf = part(
  { keys: { secrets: "key" }, uses: [clock] },
  `
local time = now()

local function former()
  local kept, previous, previousUntil = unpack(redis.call("HMGET", secrets, "former", "previous", "previousUntil"))
  local all = kept and cjson.decode(kept) or previous and {{secret = previous, ["until"] = tonumber(previousUntil)}} or {}
  local signing = {}
  for _, one in ipairs(all) do
    if one["until"] > time then signing[#signing + 1] = one end
  end
  return signing
end

local function shown()
  local secret, createdAt = unpack(redis.call("HMGET", secrets, "secret", "createdAt"))
  return {secret, createdAt, cjson.encode(former())}
end`,
);

const obtain = script(
  { args: { fresh: "text" }, uses: [secretsOf], answer: as<Secrets>() },
  `
if redis.call("HSETNX", secrets, "secret", fresh) == 1 then redis.call("HSET", secrets, "createdAt", whole(time)) end
return shown()`,
);

const rotate = script(
  { args: { fresh: "text" }, uses: [secretsOf], answer: as<Secrets>() },
  `
local before, rotatedAt = unpack(redis.call("HMGET", secrets, "secret", "rotatedAt"))
if rotatedAt and time - rotatedAt < ${sameRotationMs} then return shown() end
if before then
  local signing = former()
  table.insert(signing, 1, {secret = before, ["until"] = time + ${overlapMs}})
  while #signing > ${mostFormer} do table.remove(signing) end
  redis.call("HSET", secrets, "former", cjson.encode(signing))
  redis.call("HDEL", secrets, "previous", "previousUntil")
end
redis.call("HSET", secrets, "secret", fresh, "createdAt", whole(time), "rotatedAt", whole(time))
return shown()`,
);

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
    const secrets = this.keys.webhookSecrets(tenant);
    return shown(await rotate.run(this.redis, { secrets }, { fresh: newWebhookSecret() }));
  }

  /** The secrets that sign now, newest first. */
  async signing(tenant: string): Promise<string[]> {
    const secrets = await this.#obtain(tenant);
    return [secrets[0], ...formerOf(secrets).map(({ secret }) => secret)];
  }

  #obtain(tenant: string): Promise<Secrets> {
    const secrets = this.keys.webhookSecrets(tenant);
    return obtain.run(this.redis, { secrets }, { fresh: newWebhookSecret() });
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
