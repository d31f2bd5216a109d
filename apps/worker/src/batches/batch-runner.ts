import { setTimeout as sleep } from "node:timers/promises";
import { asProblemError } from "@facefleet/contracts";
import { type BatchSteps, type Logger, OccasionalLines } from "@facefleet/platform";
import type { StoreWatch } from "../store-watch.js";
import type { BatchStepper } from "./batch-stepper.js";

export interface BatchRunnerParts {
  readonly steps: BatchSteps;
  readonly stepper: BatchStepper;
  readonly storeWatch: Pick<StoreWatch, "isAway" | "isOut">;
  readonly logger: Logger;
}

/** How many batches a worker works on at once. */
const batchesAtOnce = 4;
const pollMs = 500;
const renewEveryMs = 5000;
/** After so many setbacks in a row, about half an hour, a batch is given up. */
const mostSetbacks = 30;
const longestPauseMs = 60_000;
/** After a step that ended because the store went away, which is not the batch's fault. */
const outagePauseMs = 1000;

/** Works on the batches of the fleet, a step at a time, together with the other workers. */
export class BatchRunner {
  readonly #parts: BatchRunnerParts;
  readonly #lines: OccasionalLines;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: BatchRunnerParts) {
    this.#parts = parts;
    this.#lines = new OccasionalLines(parts.logger);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves once the steps that are being made are. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Each works on one batch at a time: one that is slow holds no other up. */
  async #run(): Promise<void> {
    await Promise.all(Array.from({ length: batchesAtOnce }, () => this.#workUntilStopped()));
  }

  async #workUntilStopped(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const id = await this.#take();
      await (id === undefined ? this.#pause() : this.#work(id));
    }
  }

  /** None while the store is away: there is no step that could be made. */
  async #take(): Promise<string | undefined> {
    if (this.#parts.storeWatch.isAway) return undefined;
    try {
      return (await this.#parts.steps.take(1))[0];
    } catch (error) {
      this.#lines.write("debug", { err: error }, "no batches could be taken");
      return undefined;
    }
  }

  async #pause(): Promise<void> {
    await sleep(pollMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }

  /** Never rejects: a batch that is not released comes again when its lease ends. */
  async #work(id: string): Promise<void> {
    try {
      const pause = await this.#withLease(id, () => this.#step(id));
      await (pause === undefined ? this.#parts.steps.drop(id) : this.#parts.steps.release(id, pause));
    } catch (error) {
      const message = "a batch could not be worked on; it comes again when its lease ends";
      this.#lines.write("warn", { err: error, batchId: id }, message);
    }
  }

  /** Keeps the batch for as long as the work takes. What is under way is awaited: it would undo the release. */
  async #withLease<T>(id: string, work: () => Promise<T>): Promise<T> {
    let renewing: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      renewing = this.#parts.steps.renew(id).catch(() => undefined);
    }, renewEveryMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await renewing;
    }
  }

  async #step(id: string): Promise<number | undefined> {
    try {
      return await this.#parts.stepper.step(id);
    } catch (error) {
      if (await this.#parts.storeWatch.isOut(error)) return outagePauseMs;
      return this.#setBack(id, error);
    }
  }

  async #setBack(id: string, error: unknown): Promise<number> {
    const { steps } = this.#parts;
    const problem = asProblemError(error);
    const setbacks = await steps.setback(id, problem);
    const isOver = !problem.retryable || setbacks > mostSetbacks;
    const fields = { err: error, batchId: id, setbacks };
    if (isOver) this.#parts.logger.warn(fields, "batch given up");
    else this.#lines.write("warn", fields, "batch held up", problem.code);
    if (isOver) await steps.stop(id, problem);
    return isOver && setbacks <= 1 ? 0 : Math.min(1000 * 2 ** Math.min(setbacks, 10), longestPauseMs);
  }
}
