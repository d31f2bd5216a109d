import { type Applicant, type ApplicantKind, admissionOf, admit, refusals } from "./admission.js";
import { type FaceQueue, jobOptions } from "./face-queue.js";
import { originOptions } from "./job-trace.js";
import { holderOf, uploadsOf } from "./job-view.js";
import { thingOf } from "./ledger/job-thing.js";
import { overhead } from "./ledger/ledger.js";
import type { QueueKeys } from "./queue-keys.js";
import { uploadKeys, uploadList, uploadOwnership } from "./uploads/upload-ownership.js";

/** Whose a job is, in its own record, where BullMQ leaves it alone. */
export const tenantField = "tenant";

/**
 * A Lua function for scripts that begin with the keys and arguments of `queueingOf`: `admitAndQueue` admits the jobs
 * of the arguments up to `lastArgument` and leaves each as BullMQ's own `add` does, but for the events of it, which
 * nobody reads. A job that is there already, or has ended, stays as it is. One step, so that no job is admitted and not queued, and
 * none is queued without holding its uploads.
 * KEYS: those of `admit`, then BullMQ's meta, active, id, pc, marker, then those of `uploadKeys`. ARGV: those of `admit`,
 * then the prefix of BullMQ's jobs, the options that all jobs share, as JSON without its opening brace, and the prefix of
 * outcomes; then of each job: created at, id, name, data, its uploads with spaces between, who holds them, options of its
 * own as JSON or "", and the thing that it is counted to on the ledger. Returns which jobs, from 1, are refused, each
 * before its reason.
 */
export const admitAndQueue = `${admit}${uploadOwnership}
local function isAnyDoomed(doomed, named)
  for upload in string.gmatch(named, "%S+") do
    if redis.call("ZSCORE", doomed, upload) then return true end
  end
  return false
end

local function admitAndQueue(lastArgument)
  local meta, active, jobCounter, priorityCounter, marker = unpack(KEYS, 10)
  local uploads = {unpack(KEYS, 15, 17)}
  local prefix, sharedOptions, outcomes = unpack(ARGV, 9, 11)
  local firstJob, valuesPerJob = 12, 8
  local seen, fresh, applicants, refused = {}, {}, {}, {}
  local function refuse(at, reason)
    refused[#refused + 1] = (at - firstJob) / valuesPerJob + 1
    refused[#refused + 1] = reason
  end

  for at = firstJob, lastArgument, valuesPerJob do
    local createdAt, id, _, data, named, holder, _, thing = unpack(ARGV, at, at + 7)
    local isNew = not seen[id] and redis.call("EXISTS", prefix .. id, outcomes .. id) == 0
    -- The uploads of an item are its batch's: that one is missing is found when it is run.
    if isNew and holder == id and isAnyDoomed(uploads[3], named) then
      refuse(at, ${refusals.uploadDoomed})
    elseif isNew then
      seen[id] = true
      fresh[#fresh + 1] = at
      for _, value in ipairs({createdAt, id, thing, #data + ${overhead.job}}) do applicants[#applicants + 1] = value end
    end
  end
  if #fresh == 0 then return refused end

  local scores = {}
  local count = redis.call("INCRBY", priorityCounter, #fresh) - #fresh
  for index, number in ipairs(admit(applicants)) do
    local at = fresh[index]
    local createdAt, id, name, data, named, holder, ownOptions = unpack(ARGV, at, at + 6)
    if number < 0 then
      refuse(at, number)
    else
      local format = '{"jobId":%s,"priority":%d,"timestamp":%s,%s%s'
      local options = string.format(format, cjson.encode(id), number, createdAt, ownOptions, sharedOptions)
      redis.call("HSET", prefix .. id, "name", name, "data", data, "opts", options,
        "timestamp", createdAt, "delay", "0", "priority", number, "${tenantField}", tenant)
      for upload in string.gmatch(named, "%S+") do holdUpload(uploads, upload, holder) end
      scores[#scores + 1] = string.format("%.0f", number * scoreUnit + (count + index) % scoreUnit)
      scores[#scores + 1] = id
    end
  end
  if #scores == 0 then return refused end
  redis.call("ZADD", waiting, unpack(scores))
  redis.call("INCRBY", jobCounter, #scores / 2)
  local paused, concurrency = unpack(redis.call("HMGET", meta, "paused", "concurrency"))
  local isHeldUp = paused or (concurrency and redis.call("LLEN", active) >= tonumber(concurrency))
  if not isHeldUp then redis.call("ZADD", marker, 0, "0") end
  return refused
end
`;

const sharedOptions = JSON.stringify(jobOptions).slice(1);

/** The keys and arguments that `admitAndQueue` reads. */
export function queueingOf(
  kind: ApplicantKind,
  applicants: readonly Applicant[],
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: string[]; args: (string | number)[] } {
  const admission = admissionOf(kind, keys, queue);
  for (const name of ["meta", "active", "id", "pc", "marker"]) admission.keys.push(queue.toKey(name));
  admission.keys.push(...uploadKeys(keys));
  admission.args.push(queue.toKey(""), sharedOptions, keys.outcome(""));
  for (const { createdAt, id, payload, trace, requestId } of applicants) {
    const uploads = uploadList(uploadsOf(payload));
    const data = JSON.stringify(payload);
    const holder = holderOf(id, payload);
    const options = originOptions({ trace, requestId });
    admission.args.push(createdAt, id, payload.task, data, uploads, holder, options, thingOf(id, payload));
  }
  return admission;
}
