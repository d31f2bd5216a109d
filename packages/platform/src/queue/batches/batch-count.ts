import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";
import { batchUploads, uploadCounts } from "../uploads/batch-uploads.js";
import { uploadKeys } from "../uploads/upload-ownership.js";
import type { BatchRecord } from "./batch-record.js";

/** How far the source of a batch has been counted. */
export interface BatchCount {
  readonly total: number;
  readonly cursor: string;
  readonly version: string;
  /** The tenant's own among the uploads that the items counted now name, once for each item. */
  readonly uploads?: readonly string[];
  /** Whether there are no more. */
  readonly isDone: boolean;
}

/**
 * From here on the batch holds the uploads that were read.
 * KEYS: batch, its uploads, then those of `uploadKeys`. ARGV: cursor that was read from, cursor, total, version, state, id,
 * then each upload and how many of the items name it.
 */
export const count = new RedisScript<number>(`${batchUploads}
local state, cursor = unpack(redis.call("HMGET", KEYS[1], "state", "cursor"))
if state ~= "queued" or (cursor or "") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "cursor", ARGV[2], "total", ARGV[3], "version", ARGV[4], "state", ARGV[5])
for at = 7, #ARGV, 2 do holdBatchUpload({unpack(KEYS, 3)}, KEYS[2], ARGV[at], ARGV[at + 1], ARGV[6]) end
return 1`);

/** The keys and arguments of `count`. */
export function countOf(
  record: BatchRecord,
  { total, cursor, version, isDone, uploads = [] }: BatchCount,
  keys: QueueKeys,
): { keys: string[]; args: (string | number)[] } {
  const { id } = record;
  const state = isDone ? "active" : "queued";
  return {
    keys: [keys.batch(id), keys.batchUploads(id), ...uploadKeys(keys)],
    args: [record.cursor, isDone ? "" : cursor, total, version, state, id, ...uploadCounts(uploads)],
  };
}
