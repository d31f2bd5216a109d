import type { LabelledImage, Problem } from "@facefleet/contracts";
import { queueing, queueingOf } from "../jobs/admission/admit-and-queue.js";
import type { FaceQueue } from "../jobs/job/face-queue.js";
import { partOf, partSize } from "../ledger/batch-part.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { type ArgumentsOf, type KeysOf, script } from "../redis/script.js";
import { itemApplicant } from "./batch-items.js";
import { lineText, lineWritingKeys, writeLine } from "./batch-lines.js";
import type { BatchRecord } from "./batch-record.js";
import { batchUploads, namedUpload, uploadCounts } from "./batch-uploads.js";

/** An item that is to be queued, or that cannot be. */
export type ChunkItem = { readonly index: number } & (
  | LabelledImage
  | (Partial<LabelledImage> & { readonly error: Problem })
);

/** Items that follow those of a batch that have been queued: at most a part's. Of those that are tried again, of one part. */
export interface BatchChunk {
  readonly items: readonly ChunkItem[];
  /** How many items of the batch have been queued, or have failed at once, with these. */
  readonly expanded: number;
  readonly cursor: string;
  /** The tenant's own among the uploads that items name which the batch held no more, once for each item. */
  readonly uploads?: readonly string[];
}

/**
 * All in one step: an item that failed before the batch is said to have come so far would have a line that nobody counts
 * on. `before`, `round`: where the batch has to be; `border`: the first index whose line is in the second of the two parts;
 * `counted`: uploads that the batch no longer holds for these items. While a batch is canceled nothing more is queued; only
 * items that were to be tried again keep the line that they had.
 */
export const expand = script(
  {
    keys: { linesBefore: "key", linesFrom: "key" },
    args: {
      before: "text",
      round: "number",
      expanded: "number",
      cursor: "text",
      border: "number",
      faults: [{ index: "number", line: "text" }],
      counted: [namedUpload],
    },
    uses: [queueing, writeLine, batchUploads],
  },
  `
local state, stopping, at, roundNow = unpack(redis.call("HMGET", batch, "state", "stopping", "expanded", "round"))
if state ~= "active" or (at or "0") ~= before or tonumber(roundNow or 0) ~= round then return 0 end
if stopping and (round == 0 or #arrived > 0) then return 0 end
for _, one in ipairs(counted) do holdBatchUpload(one.upload, one.items) end
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
  { items, expanded, cursor, uploads = [] }: BatchChunk,
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: KeysOf<typeof expand>; args: ArgumentsOf<typeof expand> } {
  const { id, plan } = record;
  const applicants = items.flatMap((item) => ("error" in item ? [] : [itemApplicant(record, item.index, item)]));
  const payload = { tenant: plan.tenant, batch: { id, index: 0 } };
  const kind = { payload, priority: plan.priority, maxQueuedJobs: undefined };
  const queued = queueingOf(kind, applicants, keys, queue);
  const part = partOf(items[0]?.index ?? record.expanded);
  return {
    keys: {
      ...queued.keys,
      ...lineWritingKeys(keys, id),
      named: keys.batchUploads(id),
      linesBefore: keys.batchLines(id, part),
      linesFrom: keys.batchLines(id, part + 1),
    },
    args: {
      ...queued.args,
      before: `${record.expanded}`,
      round: record.round,
      expanded,
      cursor,
      border: (part + 1) * partSize,
      faults: items.flatMap((item) => ("error" in item ? [{ index: item.index, line: faultLine(item) }] : [])),
      batchId: id,
      counted: uploadCounts(uploads),
    },
  };
}

/** What the results say of an item that no worker ended. */
export function faultLine({ index, id, image, metadata, error }: Extract<ChunkItem, { error: Problem }>): string {
  return lineText({ index, id, image, metadata, state: "failed", error });
}
