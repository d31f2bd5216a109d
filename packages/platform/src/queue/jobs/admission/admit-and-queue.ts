import { overhead } from "../../ledger/ledger.js";
import { refusals } from "../../ledger/quotas.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { type ArgumentsOf, type KeysOf, part } from "../../redis/script.js";
import { uploadKeys, uploadList, uploadOwnership } from "../../uploads/upload-ownership.js";
import { type FaceQueue, jobOptions } from "../job/face-queue.js";
import { thingOf } from "../job/job-thing.js";
import { originOptions } from "../job/job-trace.js";
import { holderOf, uploadsOf } from "../job/job-view.js";
import { type Applicant, type ApplicantKind, admission, admissionOf, scoreUnit } from "./admission.js";

/** Whose a job is, in its own record, where BullMQ leaves it alone. */
export const tenantField = "tenant";

/**
 * A Lua function: `letWait` puts jobs that are written among those that wait, each with its id and its number, and wakes a
 * worker, as BullMQ does.
 */
export const waiting = part(
  {
    keys: { waiting: "key", meta: "key", active: "key", priorityCounter: "key", marker: "key" },
    uses: [scoreUnit],
  },
  `
local function letWait(jobs)
  local scores = {}
  local count = redis.call("INCRBY", priorityCounter, #jobs) - #jobs
  for index, job in ipairs(jobs) do
    scores[#scores + 1] = string.format("%.0f", job.number * scoreUnit + (count + index) % scoreUnit)
    scores[#scores + 1] = job.id
  end
  redis.call("ZADD", waiting, unpack(scores))
  local paused, concurrency = unpack(redis.call("HMGET", meta, "paused", "concurrency"))
  local isHeldUp = paused or (concurrency and redis.call("LLEN", active) >= tonumber(concurrency))
  if not isHeldUp then redis.call("ZADD", marker, 0, "0") end
end`,
);

/**
 * A Lua function: `admitAndQueue` admits jobs and leaves each as BullMQ's own `add` does, but for the events of it, which
 * nobody reads. A job that is there already, or has ended, stays as it is. One step, so that no job is admitted and not
 * queued, and none is queued without holding its uploads. Returns which jobs, from 1, are refused, each before its reason.
 *
 * Of each job: `uploads`, with spaces between, and who holds them; `thing`, that it is counted to on the ledger; options of
 * its own as JSON, which those that all share follow, without their opening brace.
 */
export const queueing = part(
  {
    keys: { jobCounter: "key" },
    args: {
      jobsPrefix: "text",
      outcomesPrefix: "text",
      sharedOptions: "text",
      arrived: [
        {
          createdAt: "text",
          id: "text",
          name: "text",
          data: "text",
          uploads: "text",
          holder: "text",
          options: "text",
          thing: "text",
        },
      ],
    },
    uses: [admission, waiting, uploadOwnership],
  },
  `
local function isAnyDoomed(named)
  for upload in string.gmatch(named, "%S+") do
    if redis.call("ZSCORE", uploads.doomed, upload) then return true end
  end
  return false
end

local function writeJob(job, number)
  local format = '{"jobId":%s,"priority":%d,"timestamp":%s,%s%s'
  local options = string.format(format, cjson.encode(job.id), number, job.createdAt, job.options, sharedOptions)
  redis.call("HSET", jobsPrefix .. job.id, "name", job.name, "data", job.data, "opts", options,
    "timestamp", job.createdAt, "delay", "0", "priority", number, "${tenantField}", tenant)
  for upload in string.gmatch(job.uploads, "%S+") do holdUpload(upload, job.holder) end
end

local function admitAndQueue()
  local seen, fresh, refused = {}, {}, {}
  local function refuse(place, reason)
    refused[#refused + 1] = place
    refused[#refused + 1] = reason
  end

  for place, job in ipairs(arrived) do
    local isNew = not seen[job.id] and redis.call("EXISTS", jobsPrefix .. job.id, outcomesPrefix .. job.id) == 0
    -- The uploads of an item are its batch's: that one is missing is found when it is run.
    if isNew and job.holder == job.id and isAnyDoomed(job.uploads) then
      refuse(place, ${refusals.uploadDoomed})
    elseif isNew then
      seen[job.id] = true
      job.place, job.bytes = place, #job.data + ${overhead.job}
      fresh[#fresh + 1] = job
    end
  end
  if #fresh == 0 then return refused end

  local admitted = {}
  for index, number in ipairs(admit(fresh)) do
    local job = fresh[index]
    if number < 0 then
      refuse(job.place, number)
    else
      writeJob(job, number)
      admitted[#admitted + 1] = {id = job.id, number = number}
    end
  end
  if #admitted == 0 then return refused end
  letWait(admitted)
  redis.call("INCRBY", jobCounter, #admitted)
  return refused
end`,
);

const sharedOptions = JSON.stringify(jobOptions).slice(1);

/** The keys of `waiting`. */
export function waitingKeys(queue: FaceQueue): KeysOf<typeof waiting> {
  return {
    waiting: queue.toKey("prioritized"),
    meta: queue.toKey("meta"),
    active: queue.toKey("active"),
    priorityCounter: queue.toKey("pc"),
    marker: queue.toKey("marker"),
  };
}

/** The keys and arguments of `queueing`. */
export function queueingOf(
  kind: ApplicantKind,
  applicants: readonly Applicant[],
  keys: QueueKeys,
  queue: FaceQueue,
): { keys: KeysOf<typeof queueing>; args: ArgumentsOf<typeof queueing> } {
  const admitted = admissionOf(kind, keys, queue);
  return {
    keys: {
      ...admitted.keys,
      ...waitingKeys(queue),
      jobCounter: queue.toKey("id"),
      uploads: uploadKeys(keys),
    },
    args: {
      ...admitted.args,
      jobsPrefix: queue.toKey(""),
      outcomesPrefix: keys.outcome(""),
      sharedOptions,
      arrived: applicants.map(({ createdAt, id, payload, trace, requestId }) => ({
        createdAt: `${createdAt}`,
        id,
        name: payload.task,
        data: JSON.stringify(payload),
        uploads: uploadList(uploadsOf(payload)),
        holder: holderOf(id, payload),
        options: originOptions({ trace, requestId }),
        thing: thingOf(id, payload),
      })),
    },
  };
}
