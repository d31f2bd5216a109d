import type { BatchLine, ImageRef, Problem } from "@facefleet/contracts";
import { queueing, queueingOf } from "../jobs/admission/admit-and-queue.js";
import type { FaceQueue } from "../jobs/job/face-queue.js";
import { partOf, partSize } from "../ledger/batch-part.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, type KeysOf, script } from "../redis/script.js";
import { itemApplicant } from "./batch-items.js";
import { writeLine } from "./batch-lines.js";
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
 * All in one step: an item that failed before the batch is said to have come so far would have a line that nobody counts
 * on. `before`: where the batch has to be; `border`: the first index whose line is in the second of the two parts.
 */
export const expand = script(
  {
    keys: { linesBefore: "key", linesFrom: "key" },
    args: {
      before: "text",
      expanded: "number",
      cursor: "text",
      border: "number",
      faults: [{ index: "number", line: "text" }],
    },
    uses: [queueing, writeLine],
  },
  `
local state, stopping, at = unpack(redis.call("HMGET", batch, "state", "stopping", "expanded"))
if state ~= "active" or stopping or (at or "0") ~= before then return 0 end
admitAndQueue()
for _, fault in ipairs(faults) do
  local lines = fault.index < border and linesBefore or linesFrom
  writeLine(lines, fault.index, fault.line, "failed")
end
redis.call("HSET", batch, "expanded", expanded, "cursor", cursor)
return 1`,
);

/** The keys and arguments of `expand`. */
export function expansionOf(
  record: BatchRecord,
  { items, expanded, cursor }: BatchChunk,
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: KeysOf<typeof expand>; args: ArgumentsOf<typeof expand> } {
  const { id, plan } = record;
  const applicants = items.flatMap((item) => ("error" in item ? [] : [itemApplicant(record, item.index, item.image)]));
  const payload = { tenant: plan.tenant, batch: { id, index: 0 } };
  const kind = { payload, priority: plan.priority, maxQueuedJobs: undefined };
  const queued = queueingOf(kind, applicants, keys, queue);
  const part = partOf(record.expanded);
  return {
    keys: {
      ...queued.keys,
      batch: keys.batch(id),
      endedItems: keys.batchEnded(id),
      linesBefore: keys.batchLines(id, part),
      linesFrom: keys.batchLines(id, part + 1),
    },
    args: {
      ...queued.args,
      before: `${record.expanded}`,
      expanded,
      cursor,
      border: (part + 1) * partSize,
      faults: items.flatMap((item) => ("error" in item ? [{ index: item.index, line: faultLine(item) }] : [])),
    },
  };
}

/** What the results say of an item that no worker ended. */
export function faultLine({ index, image, error }: Extract<ChunkItem, { error: Problem }>): string {
  const line: BatchLine = { index, ...(image && { image }), state: "failed", error };
  return JSON.stringify(line);
}
