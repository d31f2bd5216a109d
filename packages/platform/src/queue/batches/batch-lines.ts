import type { BatchLine, ImageRef, Job } from "@facefleet/contracts";
import type { QueueKeys } from "../queue-keys.js";
import { part } from "../script.js";

/** Items whose lines are written to the object store together. A multiple of 8: their bits fill whole bytes. */
export const partSize = 512;

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

/** Which part of the results an item's line is in. */
export function partOf(index: number): number {
  return Math.floor(index / partSize);
}

/** What the results of a batch say of an item that has ended. */
export function lineOf({ state, result, error }: Job, image: ImageRef, index: number): BatchLine {
  return { index, image, state: state as BatchLine["state"], ...(result && { result }), ...(error && { error }) };
}
