import type { OwnName } from "../../object-store/index.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { as, clock, script } from "../redis/script.js";
import { uploadKeys, uploadOwnership } from "../uploads/upload-ownership.js";

/** How long whoever took a turn has for it, before it is given to another. */
const leaseMs = 300_000;
/** How long it is known where the next turn begins. */
const knownMs = 7 * 24 * 3_600_000;

/** Returns where the turn begins, or false when it is nobody's now. */
const takeTurn = script(
  { keys: { turns: "key" }, uses: [clock], answer: as<string | null>() },
  `
local due, cursor = unpack(redis.call("HMGET", turns, "due", "cursor"))
if tonumber(due or 0) > now() then return false end
redis.call("HSET", turns, "due", whole(now() + ${leaseMs}))
redis.call("PEXPIRE", turns, ${knownMs})
return cursor or ""`,
);

/** `cursor`: where the next turn begins; `pause`: after how long. */
const endTurn = script(
  { keys: { turns: "key" }, args: { cursor: "text", pause: "number" }, uses: [clock] },
  `
redis.call("HSET", turns, "cursor", cursor, "due", whole(now() + pause))
return redis.call("PEXPIRE", turns, ${knownMs})`,
);

/** Returns what time it is, in seconds since 1970, and which of some objects, from 1, nobody knows. */
const unknown = script(
  {
    keys: { sendable: "key", results: "key" },
    args: { batchesPrefix: "text", objects: [{ kind: "text", id: "text" }] },
    uses: [uploadOwnership],
    answer: as<number[]>(),
  },
  `
local function isKnown(kind, id)
  if kind == "result" then return redis.call("ZSCORE", results, id) end
  if kind == "batch" then return redis.call("EXISTS", batchesPrefix .. id) == 1 end
  return isUploadHeld(id) or redis.call("ZSCORE", uploads.waiting, id)
    or redis.call("ZSCORE", uploads.doomed, id) or redis.call("ZSCORE", sendable, id)
end
local found = {math.floor(now() / 1000)}
for place, object in ipairs(objects) do
  if not isKnown(object.kind, object.id) then found[#found + 1] = place end
end
return found`,
);

/**
 * Which of the service's own objects nobody knows any more, and whose turn it is to look for them, through all of the place
 * and then from the beginning. Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class Orphans {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;

  constructor(redis: FleetRedis) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
  }

  /** The cursor of the list from which on to look; undefined when it is nobody's turn, or another's for five minutes. */
  async takeTurn(): Promise<string | undefined> {
    const turns = this.#keys.orphanTurns;
    return (await this.#attempt((redis) => takeTurn.run(redis, { turns }, {}))) ?? undefined;
  }

  async endTurn(cursor: string, pauseMs: number): Promise<void> {
    const turns = this.#keys.orphanTurns;
    await this.#attempt((redis) => endTurn.run(redis, { turns }, { cursor, pause: pauseMs }));
  }

  /** Those of some objects that nobody knows, and what time it is for all processes. */
  async among<T extends OwnName>(objects: readonly T[]): Promise<{ readonly orphans: T[]; readonly now: Date }> {
    const { sendableUploads: sendable, results } = this.#keys;
    const keys = { uploads: uploadKeys(this.#keys), sendable, results };
    const args = { batchesPrefix: this.#keys.batch(""), objects };
    const [seconds, ...places] = await this.#attempt((redis) => unknown.run(redis, keys, args));
    return { orphans: places.map((place) => objects[place - 1]!), now: new Date(seconds! * 1000) };
  }

  #attempt<T>(commands: (redis: RedisConnection["client"]) => Promise<T>): Promise<T> {
    return this.#connection.attempt(() => commands(this.#connection.client));
  }
}
