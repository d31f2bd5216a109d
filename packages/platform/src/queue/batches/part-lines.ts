import { ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "../redis/queue-keys.js";
import { as, script } from "../redis/script.js";
import { type KeptText, keptTextOf, type StoredText } from "../results/kept-text.js";

/** Where a part of a batch's results is in the object store: an object of its own name, until items were tried again. */
export type StoredPart = StoredText | "as first stored";

/** What is known of some lines of a part. */
export type PartLines =
  /** The whole part is in the object store. */
  | { readonly stored: StoredPart }
  | {
      /** In their order; undefined where an item has not ended, or is not tried again. */
      readonly lines: readonly (KeptText | undefined)[];
      /** While failed items are tried again: the part as it was before, and which of its lines count no more. */
      readonly before?: { readonly stored: StoredPart; readonly isAgain: readonly boolean[] };
    };

/**
 * Returns nothing of a batch that is no more; whether the part is stored, and where if not under its own name; then, unless it
 * is, in which round it is, and of each index whether it is tried again in it, and the line.
 */
const read = script(
  {
    keys: { batch: "key", lines: "key", itemsAgain: "key", partsAgain: "key" },
    args: { part: "number", indexes: ["number"] },
    answer: as<[] | [isStored: number, address: string, round: string, isAgain: number[], lines: (string | null)[]]>(),
  },
  `
local state, storedParts, round = unpack(redis.call("HMGET", batch, "state", "stored", "round"))
if not state then return {} end
local address = redis.call("HGET", partsAgain, part) or ""
if tonumber(storedParts or 0) > part then return {1, address, round or "0", {}, {}} end
local isAgain = {}
for place, index in ipairs(indexes) do isAgain[place] = redis.call("GETBIT", itemsAgain, index) end
return {0, address, round or "0", isAgain, redis.call("HMGET", lines, unpack(indexes))}`,
);

/** @throws ProblemError `batch_not_found` for a batch that has expired or was erased */
export async function readPartLines(
  redis: Redis,
  keys: QueueKeys,
  { id, part, indexes }: { readonly id: string; readonly part: number; readonly indexes: readonly number[] },
): Promise<PartLines> {
  const places = {
    batch: keys.batch(id),
    lines: keys.batchLines(id, part),
    itemsAgain: keys.batchItemsAgain(id),
    partsAgain: keys.batchPartsAgain(id),
  };
  const [isStored, address, round, isAgain, lines] = await read.run(redis, places, { part, indexes });
  if (isStored === undefined) throw new ProblemError("batch_not_found");
  const stored = storedPartOf(address);
  if (isStored === 1) return { stored };
  return {
    lines: lines!.map((line) => (line === null ? undefined : keptTextOf(line))),
    ...(round !== "0" && { before: { stored, isAgain: isAgain!.map((bit) => bit === 1) } }),
  };
}

/** As the hash of parts that were stored again has it. */
export function storedPartOf(field: string | null | undefined): StoredPart {
  return field ? (keptTextOf(field) as StoredText) : "as first stored";
}
