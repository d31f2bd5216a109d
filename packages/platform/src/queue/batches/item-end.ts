import { ending, endingOf, type ItemEnds, isRepeatable } from "../jobs/ends/job-end.js";
import { thingOf } from "../jobs/job/job-thing.js";
import { uploadsOf } from "../jobs/job/job-view.js";
import { overhead } from "../ledger/ledger.js";
import { script } from "../redis/script.js";
import { lineKeys, lineOf, writeLine } from "./batch-lines.js";
import { batchUploads } from "./batch-uploads.js";

/**
 * Ends an item of a batch, as any job ends; it has one line and is counted once, also when its outcome is long forgotten. Its
 * uploads are its batch's, which keeps those of one that may be tried again. `part`: as a thing of the ledger; `payloadBytes`: what it took there as a job.
 */
const endItem = script(
  {
    keys: { lines: "key" },
    args: { index: "number", line: "text", itemUploads: ["text"], part: "text", payloadBytes: "number" },
    uses: [ending, writeLine, batchUploads],
  },
  `
if redis.call("EXISTS", outcome) == 1 then
  return storedId(line) and redis.call("HGET", lines, index) == line and 1 or 0
end
endJob()
if not writeLine(lines, index, line, state) then return 1 end
for _, upload in ipairs(itemUploads) do releaseBatchUpload(upload) end
takesMore(kept, part, #line + ${overhead.line} - payloadBytes - ${overhead.job}, tenant)
local object, objectBytes = storedId(line)
if object then
  redis.call("ZADD", results, "+inf", object)
  takes(stored, object, tonumber(objectBytes), tenant)
end
return 1`,
);

/** Longer than any worker holds on to an item that has ended elsewhere. */
const itemTtlSeconds = 600;

/** The outcome of an item says that it has ended; its result is in its batch's line. */
export const itemEnds: ItemEnds = {
  lineOf,
  write(redis, keys, job, payload, line) {
    const batch = payload.batch!;
    const own = endingOf(job, { ...payload, resultTtlSeconds: itemTtlSeconds }, undefined, keys);
    return endItem.run(
      redis,
      { ...own.keys, ...lineKeys(keys, batch), named: keys.batchUploads(batch.id) },
      {
        ...own.args,
        index: batch.index,
        line,
        batchId: batch.id,
        itemUploads: isRepeatable(job) ? [] : uploadsOf(payload),
        part: thingOf(job.id, payload),
        payloadBytes: Buffer.byteLength(JSON.stringify(payload)),
      },
    );
  },
};
