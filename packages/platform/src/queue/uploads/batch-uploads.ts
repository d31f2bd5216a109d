import type { Redis } from "ioredis";
import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";
import { uploadKeys, uploadOwnership } from "./upload-ownership.js";

/**
 * Lua functions for the uploads that a batch's items name. The batch holds each; how many of its items that have not
 * ended name it is in a hash, so that it is released with the last of them. They take the keys of `uploadKeys` as a
 * table, and the hash.
 */
export const batchUploads = `${uploadOwnership}
local function holdBatchUpload(uploads, named, upload, items, batch)
  if holdUpload(uploads, upload, batch) then redis.call("HINCRBY", named, upload, items) end
end

local function releaseBatchUpload(uploads, named, upload, batch)
  if redis.call("HINCRBY", named, upload, -1) > 0 then return end
  redis.call("HDEL", named, upload)
  releaseUpload(uploads, upload, batch)
end
`;

/** How many items name each upload, as arguments of a script. */
export function uploadCounts(uploads: readonly string[]): (string | number)[] {
  const counts = new Map<string, number>();
  for (const upload of uploads) counts.set(upload, (counts.get(upload) ?? 0) + 1);
  return [...counts].flat();
}

const releasedAtOnce = 500;

/** KEYS: uploads of the batch, then those of `uploadKeys`. ARGV: id, how many at most. Returns those that were there. */
const release = new RedisScript<string[]>(`${uploadOwnership}
local left = redis.call("HRANDFIELD", KEYS[1], ARGV[2])
for _, upload in ipairs(left) do
  redis.call("HDEL", KEYS[1], upload)
  releaseUpload({unpack(KEYS, 2)}, upload, ARGV[1])
end
return left`);

/** Releases some of the uploads that a batch still holds. Returns them. */
export function releaseBatchUploads(redis: Redis, keys: QueueKeys, batchId: string): Promise<string[]> {
  return release.run(redis, [keys.batchUploads(batchId), ...uploadKeys(keys)], [batchId, releasedAtOnce]);
}
