import type { BatchLine, ImageRef, Problem } from "@facefleet/contracts";
import { admitAndQueue, queueingOf } from "../admit-and-queue.js";
import type { FaceQueue } from "../face-queue.js";
import type { QueueKeys } from "../queue-keys.js";
import { RedisScript } from "../redis-script.js";
import { itemApplicant } from "./batch-items.js";
import { partOf, partSize, writeLine } from "./batch-lines.js";
import type { BatchRecord } from "./batch-record.js";

/** An item that is to be queued, or that cannot be. */
export type ChunkItem =
  | { readonly index: number; readonly image: ImageRef }
  | { readonly index: number; readonly image?: ImageRef; readonly error: Problem };

/** Items that follow those of a batch that have been queued: at most a part's. */
export interface BatchChunk {
  readonly items: readonly ChunkItem[];
  /** How many items of the batch have been queued, or have failed at once, with these. */
  readonly expanded: number;
  readonly cursor: string;
}

/**
 * All in one step: an item that failed before the batch is said to have come so far would have a line that nobody
 * counts on.
 * KEYS: those of `admitAndQueue`, then batch, its bitmap of ended items, lines of two parts. ARGV: those of
 * `admitAndQueue`, then index and line of each item that cannot be queued, then: expanded before, expanded, cursor,
 * first index of the second part, how many items cannot be queued.
 */
export const expand = new RedisScript<number>(`${admitAndQueue}${writeLine}
local batch, ended, linesBefore, linesFrom = unpack(KEYS, 18)
local before, expanded, cursor, border, faulty = unpack(ARGV, #ARGV - 4)
local firstFaulty = #ARGV - 4 - 2 * faulty
local state, stopping, at = unpack(redis.call("HMGET", batch, "state", "stopping", "expanded"))
if state ~= "active" or stopping or (at or "0") ~= before then return 0 end
admitAndQueue(firstFaulty - 1)
for at = firstFaulty, #ARGV - 5, 2 do
  local lines = tonumber(ARGV[at]) < tonumber(border) and linesBefore or linesFrom
  writeLine(batch, ended, lines, ARGV[at], ARGV[at + 1], "failed")
end
redis.call("HSET", batch, "expanded", expanded, "cursor", cursor)
return 1`);

/** The keys and arguments of `expand`. */
export function expansionOf(
  record: BatchRecord,
  { items, expanded, cursor }: BatchChunk,
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: string[]; args: (string | number)[] } {
  const { id, plan } = record;
  const applicants = items.flatMap((item) => ("error" in item ? [] : [itemApplicant(record, item.index, item.image)]));
  const payload = { tenant: plan.tenant, batch: { id, index: 0 } };
  const kind = { payload, priority: plan.priority, maxQueuedJobs: undefined };
  const queueing = queueingOf(kind, applicants, keys, queue);
  const faults = items.flatMap((item) => ("error" in item ? [item.index, faultLine(item)] : []));
  const part = partOf(record.expanded);
  const own = [keys.batch(id), keys.batchEnded(id), keys.batchLines(id, part), keys.batchLines(id, part + 1)];
  const place = [record.expanded, expanded, cursor, (part + 1) * partSize];
  return {
    keys: [...queueing.keys, ...own],
    args: [...queueing.args, ...faults, ...place, faults.length / 2],
  };
}

/** What the results say of an item that no worker ended. */
export function faultLine({ index, image, error }: Extract<ChunkItem, { error: Problem }>): string {
  const line: BatchLine = { index, ...(image && { image }), state: "failed", error };
  return JSON.stringify(line);
}
