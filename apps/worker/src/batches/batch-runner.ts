import { setTimeout as sleep } from "node:timers/promises";
import { asProblemError } from "@facefleet/contracts";
import type { BatchSteps, Logger } from "@facefleet/platform";
import type { BatchStepper } from "./batch-stepper.js";

/** How many batches a worker works on at once. */
const batchesAtOnce = 4;
const pollMs = 500;
const renewEveryMs = 5000;
/** After so many setbacks in a row, about half an hour, a batch is given up. */
const mostSetbacks = 30;
const longestPauseMs = 60_000;

/** Works on the batches of the fleet, a step at a time, together with the other workers. */
export class BatchRunner {
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly steps: BatchSteps,
    private readonly stepper: BatchStepper,
    private readonly logger: Logger,
  ) {}

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

  async #take(): Promise<string | undefined> {
    try {
      return (await this.steps.take(1))[0];
    } catch (error) {
      this.logger.debug({ err: error }, "no batches could be taken");
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
      await (pause === undefined ? this.steps.drop(id) : this.steps.release(id, pause));
    } catch (error) {
      this.logger.warn(
        { err: error, batchId: id },
        "a batch could not be worked on; it comes again when its lease ends",
      );
    }
  }

  /** Keeps the batch for as long as the work takes. What is under way is awaited: it would undo the release. */
  async #withLease<T>(id: string, work: () => Promise<T>): Promise<T> {
    let renewing: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      renewing = this.steps.renew(id).catch(() => undefined);
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
      return await this.stepper.step(id);
    } catch (error) {
      const problem = asProblemError(error);
      const setbacks = await this.steps.setback(id);
      const isOver = !problem.retryable || setbacks > mostSetbacks;
      this.logger.warn({ err: error, batchId: id, setbacks }, isOver ? "batch given up" : "batch held up");
      if (isOver) await this.steps.stop(id, problem);
      return isOver && setbacks <= 1 ? 0 : Math.min(1000 * 2 ** Math.min(setbacks, 10), longestPauseMs);
    }
  }
}
