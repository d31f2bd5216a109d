import { DelayedError, WaitingError } from "bullmq";
import type { Redis } from "ioredis";
import { clock, script } from "../../redis/script.js";
import { untilRedisAnswers } from "../../redis/until-redis-answers.js";
import type { FaceQueueJob } from "../job/job-view.js";
import type { JobGivenBack } from "./job-given-back.js";

/** When a job was first given back, in its own record, where BullMQ leaves it alone. */
export const givenBackSince = "givenBackSince";

const shortestDelayMs = 1000;
const longestDelayMs = 60_000;
const jitter = 0.25;

/**
 * Takes back that a job was started, once, however often it is told. `limit`: for how long it may be given back; `start`:
 * which one it is, from 1. Returns for how long it has been given back, or -1 when that is too long.
 */
const uncount = script(
  { keys: { job: "key" }, args: { limit: "number?", start: "number" }, uses: [clock] },
  `
if redis.call("EXISTS", job) == 0 then return 0 end
local age = 0
if limit then
  local time = now()
  redis.call("HSETNX", job, "${givenBackSince}", whole(time))
  age = time - redis.call("HGET", job, "${givenBackSince}")
  if age > limit then return -1 end
end
if tonumber(redis.call("HGET", job, "ats") or "0") == start then redis.call("HSET", job, "ats", start - 1) end
return age`,
);

/** Gives jobs back that were taken and could not be done, without counting the attempt. */
export class GiveBack {
  constructor(
    private readonly redis: Redis,
    private readonly toKey: (name: string) => string,
  ) {}

  /** Lets whoever is next have the job, at once. Never returns. */
  async toOthers(job: FaceQueueJob, token: string | undefined): Promise<never> {
    await this.#uncount(job, undefined);
    await moved(() => job.moveToWait(token));
    // BullMQ tells nobody of it: who has nothing to do would look again only seconds later.
    await untilRedisAnswers(() => this.redis.zadd(this.toKey("marker"), 0, "0"));
    throw new WaitingError();
  }

  /**
   * Leaves the job alone for a while: as long as told, or the longer the longer this goes on. Returns only when it may not
   * be given back any more.
   */
  async forLater(
    job: FaceQueueJob,
    token: string | undefined,
    { delayMs, limitMs }: Pick<JobGivenBack, "delayMs" | "limitMs">,
  ): Promise<void> {
    const age = await this.#uncount(job, limitMs);
    if (age === -1) return;
    const usual = Math.min(Math.max(shortestDelayMs, age / 2), longestDelayMs);
    const delay = (delayMs ?? usual) * (1 + jitter * Math.random());
    await moved(() => job.moveToDelayed(Date.now() + Math.round(delay), token));
    throw new DelayedError();
  }

  #uncount({ id = "", attemptsStarted }: FaceQueueJob, limitMs: number | undefined): Promise<number> {
    const args = { limit: limitMs, start: attemptsStarted };
    return untilRedisAnswers(() => uncount.run(this.redis, { job: this.toKey(id) }, args));
  }
}

/** A job that is another worker's by now, or gone, needs nothing of us: BullMQ says so with a number. */
async function moved(move: () => Promise<unknown>): Promise<void> {
  try {
    await untilRedisAnswers(move);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && typeof error.code === "number")) throw error;
  }
}
