import type { BatchLine, FaceJobPayload, ImageResult, Job } from "@facefleet/contracts";
import { partOf } from "../ledger/batch-part.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { type KeysOf, part } from "../redis/script.js";

/** A Lua function that writes an item's line, unless it has one or its batch is gone. Returns whether it did. */
export const writeLine = part(
  { keys: { batch: "key", endedItems: "key", failedItems: "key" } },
  `
local function writeLine(lines, index, line, state)
  if redis.call("HEXISTS", batch, "state") == 0 or redis.call("SETBIT", endedItems, index, 1) == 1 then return false end
  redis.call("HINCRBY", batch, state, 1)
  redis.call("HSET", lines, index, line)
  if state == "failed" then redis.call("SETBIT", failedItems, index, 1) end
  return true
end`,
);

/** The keys that `writeLine` takes: those of the batch and of its bitmaps. */
export function lineWritingKeys(keys: QueueKeys, batchId: string): KeysOf<typeof writeLine> {
  return {
    batch: keys.batch(batchId),
    endedItems: keys.batchEnded(batchId),
    failedItems: keys.batchFailed(batchId),
  };
}

/** The same, and that of the lines of an item's part. */
export function lineKeys(keys: QueueKeys, { id, index }: { readonly id: string; readonly index: number }) {
  return { ...lineWritingKeys(keys, id), lines: keys.batchLines(id, partOf(index)) };
}

/** A line as JSON, without the fields that there are not. */
export function lineText(line: { readonly [Field in keyof BatchLine]: BatchLine[Field] | undefined }): string {
  return JSON.stringify(line);
}

/** What the results of a batch say of an item that a worker ended. */
export function lineOf({ state, result, error }: Job, { images, metadata, batch }: FaceJobPayload): string {
  const { index, item } = batch!;
  const found = result as ImageResult | undefined;
  return lineText({
    index,
    id: item,
    image: images[0],
    metadata,
    state: state as BatchLine["state"],
    result: found,
    error,
  });
}
