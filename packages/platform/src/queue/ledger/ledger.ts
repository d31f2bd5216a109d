import type { QueueKeys } from "../redis/queue-keys.js";
import { part } from "../redis/script.js";

/** A ledger's two keys, as a script names them. */
export const ledgerKeys = { things: "key", sums: "key" } as const;
/** The same as they are sent. */
export type LedgerKeys = Readonly<Record<keyof typeof ledgerKeys, string>>;

/**
 * What each tenant's things take, in bytes: a hash of all things, `<bytes> <tenant>` by name, and one of the sums by
 * tenant. A thing is entered, changed and taken off in the step that makes, changes or removes it: a sum is always that of
 * its things.
 *
 * Lua functions, which take the two keys as a table. `takes` says what a thing takes from now on, 0 for one that is gone,
 * and gives what it took before; `takesMore` adds to it, and `eachTakesMore` to each of many, {thing, bytes}. Of a thing that is known its tenant need not be told. `sumOf` is
 * what a tenant has in all.
 */
export const ledger = part(
  {},
  `
local function takes(ledger, name, bytes, tenant)
  local before, owner = string.match(redis.call("HGET", ledger.things, name) or "", "^(%d+) (.+)$")
  before, owner = tonumber(before or 0), owner or tenant
  if not owner or bytes == before then return before end
  if bytes > 0 then
    redis.call("HSET", ledger.things, name, string.format("%d %s", bytes, owner))
  else
    redis.call("HDEL", ledger.things, name)
  end
  if redis.call("HINCRBY", ledger.sums, owner, string.format("%d", bytes - before)) <= 0 then
    redis.call("HDEL", ledger.sums, owner)
  end
  return before
end

local function takesMore(ledger, name, bytes, tenant)
  local before = tonumber(string.match(redis.call("HGET", ledger.things, name) or "", "^%d+") or 0)
  takes(ledger, name, math.max(0, before + bytes), tenant)
end

local function eachTakesMore(ledger, things, tenant)
  local names, more = {}, {}
  for _, one in ipairs(things) do
    if not more[one.thing] then names[#names + 1] = one.thing end
    more[one.thing] = (more[one.thing] or 0) + one.bytes
  end
  local known = redis.call("HMGET", ledger.things, unpack(names))
  local entries, sums = {}, {}
  for place, name in ipairs(names) do
    local before, owner = string.match(known[place] or "", "^(%d+) (.+)$")
    owner = owner or tenant
    if more[name] > 0 then
      entries[#entries + 1] = name
      entries[#entries + 1] = string.format("%d %s", tonumber(before or 0) + more[name], owner)
      sums[owner] = (sums[owner] or 0) + more[name]
    end
  end
  if #entries == 0 then return end
  redis.call("HSET", ledger.things, unpack(entries))
  for owner, bytes in pairs(sums) do redis.call("HINCRBY", ledger.sums, owner, string.format("%d", bytes)) end
end

local function sumOf(ledger, tenant)
  return tonumber(redis.call("HGET", ledger.sums, tenant) or 0)
end`,
);

/** Of what is in Redis. */
export function keptKeys({ kept, keptBytes }: QueueKeys): LedgerKeys {
  return { things: kept, sums: keptBytes };
}

/** Of what is in the object store: uploads, large results and lines, and parts of the results of batches. */
export function storedKeys({ stored, storedBytes }: QueueKeys): LedgerKeys {
  return { things: stored, sums: storedBytes };
}

/**
 * What things take in Redis besides their texts: keys, entries of sets and lists, this ledger's own. Measured
 * (`test/queue/kept-bytes.test.ts`), and rounded up.
 */
export const overhead = {
  job: 1400,
  /** An outcome, and where it is listed. */
  outcome: 1100,
  /** The place of an outcome that was erased. */
  erased: 500,
  batch: 2000,
  /** An item that came with the request of its batch. */
  item: 64,
  line: 100,
  event: 1500,
  idempotencyKey: 1000,
  disabledReceiver: 400,
  upload: 500,
} as const;
