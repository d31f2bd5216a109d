import type { Worker } from "bullmq";
import type { Taking } from "../redis/taking.js";

/** How long a job may wait for somebody else until it holds no slot any more, in milliseconds. */
const slowAfterMs = 1000;
/** How many slots, of those that there are, slow jobs can be beside. */
const mostSlow = 3;

export interface SlowSlotsOptions {
  readonly worker: Worker;
  readonly taking: Pick<Taking, "oneMore">;
  /** How many jobs the worker holds that are not slow. */
  readonly slots: number;
}

/** Lets a worker take other jobs in the place of those that do nothing but wait for an answer that does not come. */
export class SlowSlots {
  #slow = 0;

  constructor(private readonly options: SlowSlotsOptions) {}

  /** While the work goes on its job may become a slow one. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.#count(1);
      void this.options.taking.oneMore();
    }, slowAfterMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      if (isSlow) this.#count(-1);
    }
  }

  #count(change: 1 | -1): void {
    const { worker, slots } = this.options;
    this.#slow += change;
    worker.concurrency = slots + Math.min(this.#slow, mostSlow * slots);
  }
}
