import type { RedisSettings } from "../config/index.js";
import type { Logger } from "../logging/index.js";
import type { OwnName } from "../object-store/index.js";
import { QueueKeys } from "./queue-keys.js";
import { RedisConnection } from "./redis-connection.js";
import { RedisScript } from "./redis-script.js";
import { uploadKeys, uploadOwnership } from "./uploads/upload-ownership.js";

/** How long whoever took a turn has for it, before it is given to another. */
const leaseMs = 300_000;
/** How long it is known where the next turn begins. */
const knownMs = 7 * 24 * 3_600_000;

/**
 * KEYS: the turns. ARGV: how long a turn may take, and how long it is known of, in ms. Returns where it begins, or false when
 * it is nobody's now.
 */
const takeTurn = new RedisScript<string | null>(`
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due, cursor = unpack(redis.call("HMGET", KEYS[1], "due", "cursor"))
if tonumber(due or 0) > now then return false end
redis.call("HSET", KEYS[1], "due", string.format("%.0f", now + ARGV[1]))
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return cursor or ""`);

/** KEYS: the turns. ARGV: where the next one begins, after how long in ms, and how long it is known of. */
const endTurn = new RedisScript<number>(`
local time = redis.call("TIME")
redis.call("HSET", KEYS[1], "cursor", ARGV[1], "due", string.format("%.0f", time[1] * 1000 + ARGV[2]))
return redis.call("PEXPIRE", KEYS[1], ARGV[3])`);

/**
 * KEYS: those of `uploadKeys`, sendable uploads, results. ARGV: prefix of batches, then kind and id of each object. Returns
 * what time it is, in seconds since 1970, and which of them, from 1, nobody knows.
 */
const unknown = new RedisScript<number[]>(`${uploadOwnership}
local uploads, sendable, results = {unpack(KEYS, 1, 3)}, KEYS[4], KEYS[5]
local function isKnown(kind, id)
  if kind == "result" then return redis.call("ZSCORE", results, id) end
  if kind == "batch" then return redis.call("EXISTS", ARGV[1] .. id) == 1 end
  return isUploadHeld(uploads, id) or redis.call("ZSCORE", uploads[1], id) or redis.call("ZSCORE", uploads[3], id)
    or redis.call("ZSCORE", sendable, id)
end
local found = {tonumber(redis.call("TIME")[1])}
for at = 2, #ARGV, 2 do
  if not isKnown(ARGV[at], ARGV[at + 1]) then found[#found + 1] = at / 2 end
end
return found`);

/**
 * Which of the service's own objects nobody knows any more, and whose turn it is to look for them, through all of the place
 * and then from the beginning. Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class Orphans {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
  }

  /** The cursor of the list from which on to look; undefined when it is nobody's turn, or another's for five minutes. */
  async takeTurn(): Promise<string | undefined> {
    return (await this.#run(takeTurn, [this.#keys.orphanTurns], [leaseMs, knownMs])) ?? undefined;
  }

  async endTurn(cursor: string, pauseMs: number): Promise<void> {
    await this.#run(endTurn, [this.#keys.orphanTurns], [cursor, pauseMs, knownMs]);
  }

  /** Those of some objects that nobody knows, and what time it is for all processes. */
  async among<T extends OwnName>(objects: readonly T[]): Promise<{ readonly orphans: T[]; readonly now: Date }> {
    const { sendableUploads, results } = this.#keys;
    const keys = [...uploadKeys(this.#keys), sendableUploads, results];
    const names = objects.flatMap(({ kind, id }) => [kind, id]);
    const [seconds, ...places] = await this.#run(unknown, keys, [this.#keys.batch(""), ...names]);
    return { orphans: places.map((place) => objects[place - 1]!), now: new Date(seconds! * 1000) };
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #run<T>(script: RedisScript<T>, keys: string[], args: (string | number)[]): Promise<T> {
    return this.#connection.attempt(() => script.run(this.#connection.client, keys, args));
  }
}
