import type { Redis } from "ioredis";
import { type Applicant, admissionOf, admit, tooManyJobs } from "./admission.js";
import { type FaceQueue, jobOptions } from "./face-queue.js";
import type { QueueKeys } from "./queue-keys.js";
import { RedisScript } from "./redis-script.js";

/**
 * Admits jobs and leaves each as BullMQ's own `add` does, but for the events of it, which nobody reads. A job that
 * BullMQ has already stays as it is. One step, so that no job is admitted and not queued.
 * KEYS: those of `admit`, then BullMQ's meta, active, id, pc, marker. ARGV: those of `admit`, then the prefix of
 * BullMQ's jobs and the options that all jobs share, as JSON without its opening brace; then of each job: created at,
 * id, name, data. Returns which jobs, from 1, are past the quota.
 */
const admitAndQueue = new RedisScript<number[]>(`${admit}
local meta, active, jobCounter, priorityCounter, marker = unpack(KEYS, 6)
local prefix, sharedOptions = ARGV[7], ARGV[8]
local firstJob, valuesPerJob = 9, 4

local seen, fresh, applicants = {}, {}, {}
for at = firstJob, #ARGV, valuesPerJob do
  local createdAt, id = ARGV[at], ARGV[at + 1]
  if not seen[id] and redis.call("EXISTS", prefix .. id) == 0 then
    seen[id] = true
    fresh[#fresh + 1] = at
    applicants[#applicants + 1] = createdAt
    applicants[#applicants + 1] = id
  end
end
if #fresh == 0 then return {} end

local refused, scores = {}, {}
local count = redis.call("INCRBY", priorityCounter, #fresh) - #fresh
for index, number in ipairs(admit(applicants)) do
  local at = fresh[index]
  local createdAt, id, name, data = unpack(ARGV, at, at + 3)
  if number == -1 then
    refused[#refused + 1] = (at - firstJob) / valuesPerJob + 1
  else
    local format = '{"jobId":%s,"priority":%d,"timestamp":%s,%s'
    local options = string.format(format, cjson.encode(id), number, createdAt, sharedOptions)
    redis.call("HSET", prefix .. id, "name", name, "data", data, "opts", options,
      "timestamp", createdAt, "delay", "0", "priority", number)
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
return refused`);

interface Submission {
  readonly applicant: Applicant;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const sharedOptions = JSON.stringify(jobOptions).slice(1);
/** With more, Redis and we would wait for each other instead of working at the same time. */
const mostTogether = 16;

/** Queues jobs. Those that come in the same turn of the event loop go together, at a third of what each alone costs. */
export class Submissions {
  #arrived: Submission[] = [];

  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly queue: FaceQueue,
  ) {}

  /** @throws ProblemError `too_many_jobs` */
  add(applicant: Applicant): Promise<void> {
    return new Promise((resolve, reject) => {
      const count = this.#arrived.push({ applicant, resolve, reject });
      if (count === 1) setImmediate(() => this.#queueArrived());
      if (count === mostTogether) this.#queueArrived();
    });
  }

  #queueArrived(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const alike of groupsOf(arrived)) void this.#queueAlike(alike);
  }

  async #queueAlike(submissions: readonly Submission[]): Promise<void> {
    try {
      const refused = new Set(await this.#run(submissions.map(({ applicant }) => applicant)));
      for (const [index, { applicant, resolve, reject }] of submissions.entries()) {
        if (refused.has(index + 1)) reject(tooManyJobs(applicant));
        else resolve();
      }
    } catch (error) {
      for (const { reject } of submissions) reject(error);
    }
  }

  #run(applicants: readonly Applicant[]): Promise<number[]> {
    const { queue } = this;
    const { keys, args } = admissionOf(applicants[0]!, this.keys, queue);
    for (const name of ["meta", "active", "id", "pc", "marker"]) keys.push(queue.toKey(name));
    args.push(queue.toKey(""), sharedOptions);
    for (const { createdAt, id, payload } of applicants) {
      args.push(createdAt, id, payload.task, JSON.stringify(payload));
    }
    return admitAndQueue.run(this.redis, keys, args);
  }
}

/** Each of one tenant, priority, quota and kind. */
function groupsOf(submissions: readonly Submission[]): Submission[][] {
  const groups = new Map<string, Submission[]>();
  for (const submission of submissions) {
    const { payload, priority, maxQueuedJobs } = submission.applicant;
    const kind = `${payload.tenant} ${priority} ${maxQueuedJobs} ${payload.batch === undefined}`;
    const group = groups.get(kind);
    if (group) group.push(submission);
    else groups.set(kind, [submission]);
  }
  return [...groups.values()];
}
