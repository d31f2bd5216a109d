import { setTimeout as sleep } from "node:timers/promises";
import type { ProblemError } from "@facefleet/contracts";
import { Backoff, isStoreOutage, JobGivenBack, type Logger, type ObjectStore } from "@facefleet/platform";

/** A store that answers and still fails so often in a row is of no use to anyone now. */
const failuresToBeAway = 5;
/** For how long an object may fail while others can be read; and while none can, although the store answers. */
const limitMs = { others: 3_600_000, none: 24 * 3_600_000 };

export interface StoreWatchOptions {
  readonly store: Pick<ObjectStore, "ping">;
  readonly logger: Logger;
  /** Told when nothing that needs the store can be done, and when it can again. */
  onAway(): void;
  onBack(): void;
}

/** Tells an outage of the object store from what is wrong with one object, by how reads go and by asking the store. */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #stopped = new AbortController();
  readonly #pauses = new Backoff({ firstMs: 500, longestMs: 10_000 });
  #failures = 0;
  #isAway = false;
  #asking: Promise<boolean> | undefined;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** To be called whenever the store has answered for an object. */
  answered(): void {
    this.#failures = 0;
    if (!this.#isAway) this.#pauses.reset();
  }

  /** What a failure to read means to the job: itself where it is about the object, else that the job is given back. */
  async judge(error: ProblemError): Promise<ProblemError | JobGivenBack> {
    if (!isStoreOutage(error)) return error;
    this.#failures += 1;
    if (await this.isOut(error)) return new JobGivenBack(error);
    const isAlone = this.#failures < failuresToBeAway;
    if (!isAlone) this.#away(error);
    return new JobGivenBack(error, { limitMs: isAlone ? limitMs.others : limitMs.none });
  }

  /** Whether a failure is that of a store which does not answer at all. */
  async isOut(error: unknown): Promise<boolean> {
    if (!isStoreOutage(error)) return false;
    if (!this.#isAway && !(await this.#answers())) this.#away(error);
    return this.#isAway;
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Those that fail together ask once. */
  #answers(): Promise<boolean> {
    this.#asking ??= this.#options.store
      .ping()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  #away(error: unknown): void {
    if (this.#isAway || this.#stopped.signal.aborted) return;
    this.#isAway = true;
    this.#options.logger.warn({ err: error }, "the object store is away; no jobs are taken until it is back");
    this.#options.onAway();
    void this.#waitUntilBack();
  }

  async #waitUntilBack(): Promise<void> {
    const { signal } = this.#stopped;
    const since = performance.now();
    do {
      await sleep(this.#pauses.next(), undefined, { signal, ref: false }).catch(() => undefined);
    } while (!signal.aborted && !(await this.#answers()));
    this.#isAway = false;
    if (signal.aborted) return;
    const seconds = Math.round((performance.now() - since) / 1000);
    this.#options.logger.info({ seconds }, "the object store is back; jobs are taken again");
    this.#options.onBack();
  }
}
