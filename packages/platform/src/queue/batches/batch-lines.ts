import type { BatchLine, ImageRef, Job } from "@facefleet/contracts";
import { partOf } from "../ledger/batch-part.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { part } from "../redis/script.js";

/** A Lua function that writes an item's line, unless it has one or its batch is gone. Returns whether it did. */
export const writeLine = part(
  { keys: { batch: "key", endedItems: "key" } },
  `
local function writeLine(lines, index, line, state)
  if redis.call("HEXISTS", batch, "state") == 0 or redis.call("SETBIT", endedItems, index, 1) == 1 then return false end
  redis.call("HINCRBY", batch, state, 1)
  redis.call("HSET", lines, index, line)
  return true
end`,
);

/** The keys that `writeLine` takes: those of the batch, of its bitmap, and of the lines of the item's part. */
export function lineKeys(keys: QueueKeys, { id, index }: { readonly id: string; readonly index: number }) {
  return { batch: keys.batch(id), endedItems: keys.batchEnded(id), lines: keys.batchLines(id, partOf(index)) };
}

/** What the results of a batch say of an item that has ended. */
export function lineOf({ state, result, error }: Job, image: ImageRef, index: number): BatchLine {
  return { index, image, state: state as BatchLine["state"], ...(result && { result }), ...(error && { error }) };
}
