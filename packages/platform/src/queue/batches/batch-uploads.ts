import type { Redis } from "ioredis";
import type { QueueKeys } from "../redis/queue-keys.js";
import { as, part, script } from "../redis/script.js";
import { uploadKeys, uploadOwnership } from "../uploads/upload-ownership.js";

/**
 * Lua functions for the uploads that a batch's items name. The batch holds each; how many of its items that have not
 * ended name it is in a hash, so that it is released with the last of them.
 */
export const batchUploads = part(
  { keys: { named: "key" }, args: { batchId: "text" }, uses: [uploadOwnership] },
  `
local function holdBatchUpload(upload, items)
  if holdUpload(upload, batchId) then redis.call("HINCRBY", named, upload, items) end
end

local function releaseBatchUpload(upload)
  if redis.call("HINCRBY", named, upload, -1) > 0 then return end
  redis.call("HDEL", named, upload)
  releaseUpload(upload, batchId)
end`,
);

/** An upload, and how many items of a batch name it, as a script is given them. */
export const namedUpload = { upload: "text", items: "number" } as const;

/** How many items name each upload. */
export function uploadCounts(uploads: readonly string[]): { readonly upload: string; readonly items: number }[] {
  const counts = new Map<string, number>();
  for (const upload of uploads) counts.set(upload, (counts.get(upload) ?? 0) + 1);
  return [...counts].map(([upload, items]) => ({ upload, items }));
}

const releasedAtOnce = 500;

const release = script(
  {
    keys: { named: "key" },
    args: { batchId: "text", most: "number" },
    uses: [uploadOwnership],
    answer: as<string[]>(),
  },
  `
local left = redis.call("HRANDFIELD", named, most)
for _, upload in ipairs(left) do
  redis.call("HDEL", named, upload)
  releaseUpload(upload, batchId)
end
return left`,
);

/** Releases some of the uploads that a batch still holds. Returns them. */
export function releaseBatchUploads(redis: Redis, keys: QueueKeys, batchId: string): Promise<string[]> {
  const places = { named: keys.batchUploads(batchId), uploads: uploadKeys(keys) };
  return release.run(redis, places, { batchId, most: releasedAtOnce });
}
