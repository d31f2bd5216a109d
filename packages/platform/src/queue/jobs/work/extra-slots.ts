import type { FacePriority } from "@facefleet/contracts";
import type { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { type Logger, OccasionalLines } from "../../../logging/index.js";
import { as, script } from "../../redis/script.js";
import type { Taking } from "../../redis/taking.js";
import { priorityOf } from "../admission/admission.js";
import { tenantField } from "../admission/admit-and-queue.js";

/** How long whoever finds every worker full waits at most until one looks again, in milliseconds. */
const lookEveryMs = 30;
/** How many of the jobs that wait are looked at: two turns of tenants. */
const looked = 32;

/** Whose a job is, and how urgent. */
export interface Held {
  readonly tenant: string;
  readonly priority: FacePriority;
}

interface WaitingJob extends Held {
  readonly id: string;
}

export interface ExtraSlotsOptions {
  readonly redis: Redis;
  readonly logger: Logger;
  readonly worker: Worker;
  readonly taking: Pick<Taking, "oneMore" | "isHeldUp">;
  /** How many jobs the worker holds, whosever they are. As many again are for those who would wait for these. */
  readonly slots: number;
}

/** The jobs that are next. Gives id, number and tenant of each. */
const nextJobs = script(
  { keys: { waiting: "key" }, args: { jobsPrefix: "text", most: "number" }, answer: as<string[]>() },
  `
local found = {}
local scored = redis.call("ZRANGE", waiting, 0, most - 1, "WITHSCORES")
for index = 1, #scored, 2 do
  found[#found + 1] = scored[index]
  found[#found + 1] = tostring(math.floor(tonumber(scored[index + 1]) / 2 ^ 32))
  found[#found + 1] = redis.call("HGET", jobsPrefix .. scored[index], "${tenantField}") or ""
end
return found`,
);

/** Lets a job that waits go before all others. */
const bringForward = script(
  { keys: { waiting: "key" }, args: { id: "text" } },
  `
local first = redis.call("ZRANGE", waiting, 0, 0, "WITHSCORES")[2]
return first and redis.call("ZADD", waiting, "XX", string.format("%.0f", first - 1), id) or 0`,
);

/**
 * Tenants take turns for a worker's slots. While there are free ones everybody gets them, in the order of the queue. When
 * all are held, slowly, by a few, others do not wait for these: the worker takes more, up to twice as many in all, for
 * tenants that have fewer here than their share of the slots, and for jobs that somebody waits for.
 */
export class ExtraSlots {
  readonly #options: ExtraSlotsOptions;
  readonly #held = new Map<object, Held>();
  readonly #lines: OccasionalLines;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ExtraSlotsOptions) {
    this.#options = options;
    this.#lines = new OccasionalLines(options.logger);
  }

  /** To be called with each job that is taken, and with the same once it is let go. */
  taken(job: object, held: Held): void {
    this.#held.set(job, held);
    this.#options.worker.concurrency = this.#options.slots;
    if (this.#isFull) this.#lookSoon();
  }

  ended(job: object): void {
    this.#held.delete(job);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  get #isFull(): boolean {
    return this.#held.size >= this.#options.slots;
  }

  #lookSoon(): void {
    this.#timer ??= setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  async #look(): Promise<void> {
    try {
      if (this.#held.size < 2 * this.#options.slots && !this.#options.taking.isHeldUp) await this.#takeWhoWaits();
    } catch (error) {
      this.#lines.write("warn", { err: error }, "cannot see who waits for a full worker", "look");
    }
    this.#timer = undefined;
    if (this.#isFull) this.#lookSoon();
    else this.#options.worker.concurrency = this.#options.slots;
  }

  async #takeWhoWaits(): Promise<void> {
    const { worker, redis, taking } = this.#options;
    const waiting = worker.toKey("prioritized");
    const next = jobsOf(await nextJobs.run(redis, { waiting }, { jobsPrefix: worker.toKey(""), most: looked }));
    const index = next.findIndex((job) => this.#mayHaveMore(job));
    if (index === -1 || !this.#isFull) return;
    if (index > 0) await bringForward.run(redis, { waiting }, { id: next[index]!.id });
    worker.concurrency = this.#held.size + 1;
    await taking.oneMore();
  }

  #mayHaveMore({ tenant, priority }: Held): boolean {
    // Queued by the version before, which did not say whose it is.
    if (tenant === "") return false;
    const { slots } = this.#options;
    const all = [...this.#held.values()];
    const tenants = new Set([...all.map((held) => held.tenant), tenant]).size;
    const own = all.filter((held) => held.tenant === tenant);
    if (own.length < slots / tenants) return true;
    const urgent = own.filter((held) => held.priority === "interactive").length;
    return priority === "interactive" && urgent < slots / (2 * tenants);
  }
}

function jobsOf(answer: readonly string[]): WaitingJob[] {
  const jobs: WaitingJob[] = [];
  for (let i = 0; i < answer.length; i += 3) {
    jobs.push({ id: answer[i]!, priority: priorityOf(Number(answer[i + 1])), tenant: answer[i + 2]! });
  }
  return jobs;
}
