import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RedisSettings } from "../../config/index.js";
import type { Logger } from "../../logging/index.js";
import { bytesOf, type Quotas, refusals, refused } from "../admission.js";
import { keptKeys, ledger, overhead, storedKeys, sumOf } from "../ledger/ledger.js";
import { QueueKeys } from "../queue-keys.js";
import { RedisConnection } from "../redis-connection.js";
import { RedisScript } from "../redis-script.js";
import { uploadKeys, uploadOwnership } from "./upload-ownership.js";

/** An upload that no job and no batch came for is deleted after this time. */
const waitingMs = 3_600_000;
/** How long what is sent at the last moment may take. */
const sendingMs = 120_000;
/** How long whoever took a doomed upload has to delete it, before it is given to another. */
const leaseMs = 60_000;

/** How long the secret is taken to be the same: a Redis that lost its data has another. */
const secretKnownMs = 10_000;

/** Of an upload's id: what is random, and what says whose it is. In bytes; hex in the id. */
const nonceLength = 8;
const ownerLength = 8;

/** A Lua function that lets an upload wait for a job, unless one has it. Gives 0 for one that is doomed. */
const awaiting = `${uploadOwnership}
local function awaitUpload(uploads, upload, milliseconds)
  if redis.call("ZSCORE", uploads[3], upload) then return 0 end
  if isUploadHeld(uploads, upload) then return 1 end
  local time = redis.call("TIME")
  redis.call("ZADD", uploads[1], string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000) + milliseconds), upload)
  return 1
end
`;

/** KEYS: those of `uploadKeys`. ARGV: upload, how long it may wait in ms. Returns whether it may be sent. */
const announceAgain = new RedisScript<number>(`${awaiting} return awaitUpload(KEYS, ARGV[1], ARGV[2])`);

/**
 * KEYS: those of `uploadKeys`, sendable uploads, counts of uploads, then those of the ledgers. ARGV: upload, how long it may
 * wait in ms, tenant, its bytes, for how long whoever has its URL can send it in ms or "", most uploads, bytes in Redis and
 * in the store, each or "". Returns 1, or why the tenant may have no more.
 */
const announce = new RedisScript<number>(`${awaiting}${ledger}${sumOf}
local sendable, counts = unpack(KEYS, 4)
local kept, stored = {unpack(KEYS, 6, 7)}, {unpack(KEYS, 8, 9)}
local upload, waitingFor, tenant, bytes, sendableFor, most, mostKept, mostStored = unpack(ARGV)
local count = tonumber(redis.call("HGET", counts, tenant) or 0)
if most ~= "" and count >= tonumber(most) then return ${refusals.tooManyUploads} end
if mostKept ~= "" and sumOf(kept, tenant) + ${overhead.upload} > tonumber(mostKept) then return ${refusals.tooMuchKept} end
if mostStored ~= "" and sumOf(stored, tenant) + bytes > tonumber(mostStored) then return ${refusals.tooMuchStored} end
if takes(kept, upload, ${overhead.upload}, tenant) == 0 then redis.call("HINCRBY", counts, tenant, 1) end
takes(stored, upload, tonumber(bytes), tenant)
if sendableFor ~= "" then
  local time = redis.call("TIME")
  redis.call("ZADD", sendable, string.format("%.0f", time[1] * 1000 + sendableFor), upload)
end
return awaitUpload(KEYS, upload, waitingFor)`);

/**
 * Takes an upload that has been deleted off the register; one that can still be sent again stays doomed until it cannot,
 * and is then deleted once more. KEYS: as before. ARGV: upload.
 */
const remove = new RedisScript<number>(`${ledger}
local doomed, sendable, counts = unpack(KEYS, 3)
local kept, stored = {unpack(KEYS, 6, 7)}, {unpack(KEYS, 8, 9)}
local upload = ARGV[1]
local until_ = redis.call("ZSCORE", sendable, upload)
local time = redis.call("TIME")
if until_ and tonumber(until_) > time[1] * 1000 then
  redis.call("ZREM", doomed, upload)
  return redis.call("ZADD", doomed, until_ + ${sendingMs}, upload)
end
redis.call("ZREM", sendable, upload)
if redis.call("ZREM", doomed, upload) == 0 then return 0 end
local tenant = string.match(redis.call("HGET", kept[1], upload) or "", "^%d+ (.+)$")
if tenant and redis.call("HINCRBY", counts, tenant, -1) <= 0 then redis.call("HDEL", counts, tenant) end
takes(kept, upload, 0)
return takes(stored, upload, 0)`);

/**
 * KEYS: those of `uploadKeys`, sendable uploads. ARGV: upload, for how long its bytes may still come in ms or "".
 */
const giveUp = new RedisScript<number>(`${uploadOwnership}
if isUploadHeld(KEYS, ARGV[1]) then return 0 end
if ARGV[2] ~= "" then
  local time = redis.call("TIME")
  redis.call("ZADD", KEYS[4], string.format("%.0f", time[1] * 1000 + ARGV[2]), ARGV[1])
end
doomUpload(KEYS, ARGV[1])
return 1`);

/**
 * Leases are given by removing and putting back, so that a full Redis does it too.
 * KEYS: those of `uploadKeys`. ARGV: lease in ms, uploads. Returns those of them that are doomed.
 */
const takeDoomed = new RedisScript<string[]>(`
local time = redis.call("TIME")
local leaseEnd = string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1])
local taken = {}
for at = 2, #ARGV do
  if redis.call("ZREM", KEYS[3], ARGV[at]) == 1 then
    redis.call("ZADD", KEYS[3], leaseEnd, ARGV[at])
    taken[#taken + 1] = ARGV[at]
  end
end
return taken`);

/**
 * Dooms what has waited for too long. KEYS: those of `uploadKeys`. ARGV: lease in ms, how many. Returns doomed uploads
 * whose time has come.
 */
const takeDue = new RedisScript<string[]>(`${uploadOwnership}
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function due(key) return redis.call("ZRANGEBYSCORE", key, "-inf", string.format("%.0f", now), "LIMIT", 0, ARGV[2]) end
for _, upload in ipairs(due(KEYS[1])) do
  if isUploadHeld(KEYS, upload) then redis.call("ZREM", KEYS[1], upload) else doomUpload(KEYS, upload) end
end
local taken = due(KEYS[3])
for _, upload in ipairs(taken) do
  redis.call("ZREM", KEYS[3], upload)
  redis.call("ZADD", KEYS[3], string.format("%.0f", now + ARGV[1]), upload)
end
return taken`);

/** Whose an upload is to be, and what it may take. */
export interface UploadClaim extends Omit<Quotas, "maxQueuedJobs"> {
  readonly tenant: string;
  /** At most. */
  readonly bytes: number;
  /** The most uploads of the tenant that are not deleted; without it, any number. */
  readonly maxUploads?: number | undefined;
  /** For how long whoever has its URL can send it, past us, in milliseconds. */
  readonly sendableMs?: number;
}

/**
 * Every upload from before its bytes are stored until they are deleted, so that none is left behind and none is lost.
 * Jobs and batches hold theirs from the step on that queues them, to that in which they end.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class UploadRegistry {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  #secret: { readonly value: string; readonly until: number } | undefined;

  constructor(settings: RedisSettings, options: { readonly logger: Logger }) {
    this.#connection = new RedisConnection(settings, { role: "producer", logger: options.logger });
    this.#keys = new QueueKeys(settings.QUEUE_PREFIX);
  }

  /**
   * To be called before any byte of a new upload is stored. It waits for an hour.
   * @throws ProblemError `too_many_uploads`, `too_much_stored`, `too_much_kept`
   */
  async announce(id: string, { tenant, bytes, sendableMs, ...quotas }: UploadClaim): Promise<void> {
    const { maxUploads, maxKeptBytes, maxStoredBytes } = quotas;
    const most = [maxUploads, maxKeptBytes, maxStoredBytes].map(bytesOf);
    const answer = await this.#runWhole(announce, [id, waitingMs, tenant, bytes, sendableMs ?? "", ...most]);
    if (answer < 0) throw refused(answer, quotas);
  }

  /**
   * To be called before any byte of a known upload is stored. One that nobody holds waits for another hour. Returns false
   * for one that is being deleted, which must not be stored.
   */
  async announceAgain(id: string): Promise<boolean> {
    return (await this.#run(announceAgain, [id, waitingMs])) === 1;
  }

  /**
   * Dooms an upload that nobody holds.
   * @param comesWithinMs for how long its bytes may still be stored, by whoever was sent them: it is deleted once more then
   */
  async giveUp(id: string, comesWithinMs?: number): Promise<void> {
    await this.#runWhole(giveUp, [id, comesWithinMs ?? ""]);
  }

  /** Those of some uploads that are doomed, to delete them. Each comes again after a minute unless removed. */
  takeDoomed(ids: readonly string[]): Promise<string[]> {
    return this.#run(takeDoomed, [leaseMs, ...ids]);
  }

  /** Up to `limit` uploads to delete. Each comes again after a minute unless it is removed by then. */
  takeDue(limit: number): Promise<string[]> {
    return this.#run(takeDue, [leaseMs, limit]);
  }

  /** To be called once the bytes of a doomed upload are deleted. Idempotent. */
  async remove(id: string): Promise<void> {
    await this.#runWhole(remove, [id]);
  }

  /** An id for an upload that jobs of this tenant only may name. */
  async newId(tenant: string): Promise<string> {
    const nonce = randomBytes(nonceLength).toString("hex");
    return `${nonce}${ownerOf(nonce, tenant, await this.secret()).toString("hex")}`;
  }

  /** Those of some ids that `newId` gave to this tenant. */
  async ownOf(tenant: string, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const secret = await this.secret();
    return ids.filter((id) => isOwn(tenant, id, secret));
  }

  /** The secret, common to all processes, that upload URLs are signed with, and that names what the service keeps. */
  async secret(): Promise<string> {
    const now = performance.now();
    if (this.#secret && now < this.#secret.until) return this.#secret.value;
    const value = await this.#connection.attempt(() => this.#readSecret());
    this.#secret = { value, until: now + secretKnownMs };
    return value;
  }

  /** The same, and what time it is for all processes, in milliseconds since 1970. */
  async signing(): Promise<{ readonly secret: string; readonly now: number }> {
    const time = this.#connection.attempt(() => this.#connection.client.time());
    const [secret, [seconds, microseconds]] = await Promise.all([this.secret(), time]);
    return { secret, now: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000) };
  }

  /** A Redis that is full still tells what it has. */
  async #readSecret(): Promise<string> {
    const { client } = this.#connection;
    const known = await client.get(this.#keys.uploadSecret);
    if (known !== null) return known;
    await client.set(this.#keys.uploadSecret, randomBytes(32).toString("base64url"), "NX");
    return (await client.get(this.#keys.uploadSecret))!;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** A script that also needs to know what the upload takes. */
  #runWhole<T>(script: RedisScript<T>, args: (string | number)[]): Promise<T> {
    const { sendableUploads, uploadCounts } = this.#keys;
    const ledgers = [...keptKeys(this.#keys), ...storedKeys(this.#keys)];
    const keys = [...uploadKeys(this.#keys), sendableUploads, uploadCounts, ...ledgers];
    return this.#connection.attempt(() => script.run(this.#connection.client, keys, args));
  }

  #run<T>(script: RedisScript<T>, args: (string | number)[]): Promise<T> {
    return this.#connection.attempt(() => script.run(this.#connection.client, uploadKeys(this.#keys), args));
  }
}

function isOwn(tenant: string, id: string, secret: string): boolean {
  const nonce = id.slice(0, 2 * nonceLength);
  const owner = Buffer.from(id.slice(2 * nonceLength), "hex");
  return owner.length === ownerLength && timingSafeEqual(owner, ownerOf(nonce, tenant, secret));
}

function ownerOf(nonce: string, tenant: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(`upload\n${nonce}\n${tenant}`).digest().subarray(0, ownerLength);
}
