import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { keptKeys, ledger, ledgerKeys, overhead, storedKeys } from "../ledger/ledger.js";
import { bytesOf, type Quotas, refusals, refused } from "../ledger/quotas.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { as, clock, type KeysOf, part, script } from "../redis/script.js";
import { uploadKeys, uploadOwnership, uploadSets } from "./upload-ownership.js";

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
const awaiting = part(
  { uses: [uploadOwnership] },
  `
local function awaitUpload(upload, milliseconds)
  if redis.call("ZSCORE", uploads.doomed, upload) then return 0 end
  if isUploadHeld(upload) then return 1 end
  redis.call("ZADD", uploads.waiting, whole(now() + milliseconds), upload)
  return 1
end`,
);

/** Returns whether it may be sent. */
const announceAgain = script(
  { args: { upload: "text", waitingFor: "number" }, uses: [awaiting] },
  "return awaitUpload(upload, waitingFor)",
);

/** What is known of uploads besides whose they are. */
const registerKeys = {
  uploads: uploadSets,
  sendable: "key",
  counts: "key",
  kept: ledgerKeys,
  stored: ledgerKeys,
} as const;

/** `bytes`: of the upload; `sendableFor`: how long whoever has its URL can send it. Returns 1, or why there may be no more. */
const announce = script(
  {
    keys: registerKeys,
    args: {
      upload: "text",
      waitingFor: "number",
      tenant: "text",
      bytes: "number",
      sendableFor: "number?",
      maxUploads: "number?",
      maxKeptBytes: "number?",
      maxStoredBytes: "number?",
    },
    uses: [awaiting, ledger],
  },
  `
if maxUploads and tonumber(redis.call("HGET", counts, tenant) or 0) >= maxUploads then
  return ${refusals.tooManyUploads}
end
if maxKeptBytes and sumOf(kept, tenant) + ${overhead.upload} > maxKeptBytes then return ${refusals.tooMuchKept} end
if maxStoredBytes and sumOf(stored, tenant) + bytes > maxStoredBytes then return ${refusals.tooMuchStored} end
if takes(kept, upload, ${overhead.upload}, tenant) == 0 then redis.call("HINCRBY", counts, tenant, 1) end
takes(stored, upload, bytes, tenant)
if sendableFor then redis.call("ZADD", sendable, whole(now() + sendableFor), upload) end
return awaitUpload(upload, waitingFor)`,
);

/** What an upload takes of the store, once it is known: the claim was for the most that it could be. */
const arrived = script(
  { keys: { stored: registerKeys.stored }, args: { upload: "text", bytes: "number" }, uses: [ledger] },
  `
if redis.call("HEXISTS", stored.things, upload) == 0 then return 0 end
takes(stored, upload, bytes)
return 1`,
);

/**
 * Takes an upload that has been deleted off the register; one that can still be sent again stays doomed until it cannot,
 * and is then deleted once more.
 */
const remove = script(
  { keys: registerKeys, args: { upload: "text" }, uses: [ledger, clock] },
  `
local sendableUntil = redis.call("ZSCORE", sendable, upload)
if sendableUntil and tonumber(sendableUntil) > now() then
  redis.call("ZREM", uploads.doomed, upload)
  return redis.call("ZADD", uploads.doomed, sendableUntil + ${sendingMs}, upload)
end
redis.call("ZREM", sendable, upload)
if redis.call("ZREM", uploads.doomed, upload) == 0 then return 0 end
local tenant = string.match(redis.call("HGET", kept.things, upload) or "", "^%d+ (.+)$")
if tenant and redis.call("HINCRBY", counts, tenant, -1) <= 0 then redis.call("HDEL", counts, tenant) end
takes(kept, upload, 0)
return takes(stored, upload, 0)`,
);

/** `comesWithin`: how long its bytes may still come. */
const giveUp = script(
  {
    keys: { sendable: "key" },
    args: { upload: "text", comesWithin: "number?" },
    uses: [uploadOwnership],
  },
  `
if isUploadHeld(upload) then return 0 end
if comesWithin then redis.call("ZADD", sendable, whole(now() + comesWithin), upload) end
doomUpload(upload)
return 1`,
);

/**
 * Returns those of some uploads that are doomed, on a lease. Leases are given by removing and putting back, so that a full
 * Redis does it too.
 */
const takeDoomed = script(
  {
    keys: { uploads: uploadSets },
    args: { lease: "number", ids: ["text"] },
    uses: [clock],
    answer: as<string[]>(),
  },
  `
local leaseEnd = whole(now() + lease)
local taken = {}
for _, upload in ipairs(ids) do
  if redis.call("ZREM", uploads.doomed, upload) == 1 then
    redis.call("ZADD", uploads.doomed, leaseEnd, upload)
    taken[#taken + 1] = upload
  end
end
return taken`,
);

/** Dooms what has waited for too long. Returns doomed uploads whose time has come. */
const takeDue = script(
  {
    args: { lease: "number", most: "number" },
    uses: [uploadOwnership],
    answer: as<string[]>(),
  },
  `
-- Asked anew: what was doomed just now is due, too.
local function due(set) return redis.call("ZRANGEBYSCORE", set, "-inf", whole(now()), "LIMIT", 0, most) end
for _, upload in ipairs(due(uploads.waiting)) do
  if isUploadHeld(upload) then
    redis.call("ZREM", uploads.waiting, upload)
  else
    doomUpload(upload)
  end
end
local taken = due(uploads.doomed)
for _, upload in ipairs(taken) do
  redis.call("ZREM", uploads.doomed, upload)
  redis.call("ZADD", uploads.doomed, whole(now() + lease), upload)
end
return taken`,
);

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

  constructor(redis: FleetRedis) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
  }

  /**
   * To be called before any byte of a new upload is stored. It waits for an hour.
   * @throws ProblemError `too_many_uploads`, `too_much_stored`, `too_much_kept`
   */
  async announce(id: string, { tenant, bytes, sendableMs, ...quotas }: UploadClaim): Promise<void> {
    const args = {
      upload: id,
      waitingFor: waitingMs,
      tenant,
      bytes,
      sendableFor: sendableMs,
      maxUploads: bytesOf(quotas.maxUploads),
      maxKeptBytes: bytesOf(quotas.maxKeptBytes),
      maxStoredBytes: bytesOf(quotas.maxStoredBytes),
    };
    const answer = await this.#attempt((redis) => announce.run(redis, this.#registerKeys, args));
    if (answer < 0) throw refused(answer, quotas);
  }

  /** To be called with the size of an upload that took less than was claimed for it. */
  async arrived(id: string, bytes: number): Promise<void> {
    await this.#attempt((redis) => arrived.run(redis, { stored: this.#registerKeys.stored }, { upload: id, bytes }));
  }

  /**
   * To be called before any byte of a known upload is stored. One that nobody holds waits for another hour. Returns false
   * for one that is being deleted, which must not be stored.
   */
  async announceAgain(id: string): Promise<boolean> {
    const args = { upload: id, waitingFor: waitingMs };
    return (await this.#attempt((redis) => announceAgain.run(redis, this.#registerKeys, args))) === 1;
  }

  /**
   * Dooms an upload that nobody holds.
   * @param comesWithinMs for how long its bytes may still be stored, by whoever was sent them: it is deleted once more then
   */
  async giveUp(id: string, comesWithinMs?: number): Promise<void> {
    const args = { upload: id, comesWithin: comesWithinMs };
    await this.#attempt((redis) => giveUp.run(redis, this.#registerKeys, args));
  }

  /** Those of some uploads that are doomed, to delete them. Each comes again after a minute unless removed. */
  takeDoomed(ids: readonly string[]): Promise<string[]> {
    return this.#attempt((redis) => takeDoomed.run(redis, this.#registerKeys, { lease: leaseMs, ids }));
  }

  /** Up to `limit` uploads to delete. Each comes again after a minute unless it is removed by then. */
  takeDue(limit: number): Promise<string[]> {
    return this.#attempt((redis) => takeDue.run(redis, this.#registerKeys, { lease: leaseMs, most: limit }));
  }

  /** To be called once the bytes of a doomed upload are deleted. Idempotent. */
  async remove(id: string): Promise<void> {
    await this.#attempt((redis) => remove.run(redis, this.#registerKeys, { upload: id }));
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

  get #registerKeys(): KeysOf<typeof announce> {
    const { sendableUploads, uploadCounts } = this.#keys;
    return {
      uploads: uploadKeys(this.#keys),
      sendable: sendableUploads,
      counts: uploadCounts,
      kept: keptKeys(this.#keys),
      stored: storedKeys(this.#keys),
    };
  }

  #attempt<T>(commands: (redis: RedisConnection["client"]) => Promise<T>): Promise<T> {
    return this.#connection.attempt(() => commands(this.#connection.client));
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
