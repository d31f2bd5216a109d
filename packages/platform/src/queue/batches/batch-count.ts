import type { QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, type KeysOf, script } from "../redis/script.js";
import { uploadKeys } from "../uploads/upload-ownership.js";
import type { BatchRecord } from "./batch-record.js";
import { batchUploads, namedUpload, uploadCounts } from "./batch-uploads.js";

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

/** From here on the batch holds the uploads that were read. `readFrom`: the cursor that the batch has to be at. */
export const count = script(
  {
    keys: { batch: "key" },
    args: {
      readFrom: "text",
      cursor: "text",
      total: "number",
      version: "text",
      state: "text",
      counted: [namedUpload],
    },
    uses: [batchUploads],
  },
  `
local stateNow, cursorNow = unpack(redis.call("HMGET", batch, "state", "cursor"))
if stateNow ~= "queued" or (cursorNow or "") ~= readFrom then return 0 end
redis.call("HSET", batch, "cursor", cursor, "total", total, "version", version, "state", state)
for _, one in ipairs(counted) do holdBatchUpload(one.upload, one.items) end
return 1`,
);

/** The keys and arguments of `count`. */
export function countOf(
  { id, cursor: readFrom }: BatchRecord,
  { total, cursor, version, isDone, uploads = [] }: BatchCount,
  keys: QueueKeys,
): { keys: KeysOf<typeof count>; args: ArgumentsOf<typeof count> } {
  const state = isDone ? "active" : "queued";
  const place = { readFrom, cursor: isDone ? "" : cursor };
  return {
    keys: { batch: keys.batch(id), named: keys.batchUploads(id), uploads: uploadKeys(keys) },
    args: { ...place, total, version, state, batchId: id, counted: uploadCounts(uploads) },
  };
}
