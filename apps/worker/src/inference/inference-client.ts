import { setTimeout as sleep } from "node:timers/promises";
import { ProblemError } from "@facefleet/contracts";
import type { AnalysisOptions, CallOptions, FaceAnalysis, ImageMemory } from "@facefleet/core";
import { JobGivenBack, type Logger } from "@facefleet/platform";
import { orAborted } from "../or-aborted.js";
import {
  InferenceChild,
  type InferenceListener,
  type InferencePatience,
  InferenceProcessLost,
} from "./inference-child.js";
import type { InferenceInfo, InferenceSettings } from "./protocol.js";

/** How long an image waits for a crashed inference process to be back, in milliseconds. */
const patienceMs = 30_000;
const firstRestartMs = 250;
const longestRestartMs = 10_000;

export interface InferenceClientOptions extends InferenceListener, InferencePatience {
  readonly settings: InferenceSettings;
  /** What decoded images share. */
  readonly memory: ImageMemory;
  readonly logger: Logger;
  /** The inference process is warm: at the start, and again after each crash. */
  onReady?(info: InferenceInfo): void;
  /** The inference process has died and will be started again. */
  onLost?(): void;
}

/** Keeps one inference process alive and gives images to it. */
export class InferenceClient {
  readonly #options: InferenceClientOptions;
  readonly #closing = new AbortController();
  #child: InferenceChild | undefined;
  #warm: Promise<InferenceChild> | undefined;
  #suspects: Promise<unknown> = Promise.resolve();
  #ready = false;

  constructor(options: InferenceClientOptions) {
    this.#options = options;
  }

  /** Whether an image given now would go straight to a warm process. */
  get ready(): boolean {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves after the warm-up; rejects with one sentence when the process cannot start. Call it once, first. */
  async start(): Promise<InferenceInfo> {
    this.#warm = this.#launch();
    return (await this.#warm).started;
  }

  /**
   * Rejects with the ProblemError of a bad image; with `inference_failed`, which is worth another try, when
   * the image kills the process; with JobGivenBack when the process is not back in time; with the signal's reason
   * when it fires.
   */
  async analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions = {}): Promise<FaceAnalysis> {
    const { signal } = call;
    await orAborted(this.#suspects, signal);
    const analysis = () => this.#analyse(bytes, options, call);
    return await orAborted(
      analysis().catch((error) => this.#again(error, analysis)),
      signal,
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#ready = false;
    await this.#child?.close();
  }

  async #analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions): Promise<FaceAnalysis> {
    const child = await (this.#ready ? this.#warm : this.#waitUntilWarm());
    if (!child) throw new ProblemError("inference_failed", "The inference process was not started.");
    return await child.analyse(bytes, options, call);
  }

  /**
   * One of the images that a dying process had may be what killed it: they go again one at a time, so that
   * this one fails alone. New images wait until then.
   */
  #again<T>(error: unknown, work: () => Promise<T>): Promise<T> {
    if (!(error instanceof InferenceProcessLost)) throw error;
    const turn = this.#suspects.then(work).catch((cause: unknown) => {
      if (!(cause instanceof InferenceProcessLost)) throw cause;
      throw new ProblemError("inference_failed", "The inference process died while it had the image.", { cause });
    });
    this.#suspects = turn.catch(() => {});
    return turn;
  }

  async #launch(): Promise<InferenceChild> {
    const { settings, memory } = this.#options;
    const child = new InferenceChild(settings, memory, this.#options, this.#options);
    this.#child = child;
    const info = await child.started;
    this.#ready = true;
    this.#options.onReady?.(info);
    void child.ended.then((end) => this.#revive(end));
    return child;
  }

  #revive(end: string): void {
    if (this.#closing.signal.aborted) return;
    this.#ready = false;
    this.#options.logger.error({ end }, "the inference process died; starting it again");
    this.#options.onLost?.();
    this.#warm = this.#launchUntilWarm();
    // Whoever waits for it sees the rejection, which comes only when the client is closed meanwhile.
    this.#warm.catch(() => {});
  }

  async #launchUntilWarm(): Promise<InferenceChild> {
    const { signal } = this.#closing;
    for (let delay = firstRestartMs; ; delay = Math.min(2 * delay, longestRestartMs)) {
      await sleep(delay, undefined, { signal });
      try {
        return await this.#launch();
      } catch (error) {
        signal.throwIfAborted();
        this.#options.logger.error({ err: error }, "the inference process did not start; trying again");
      }
    }
  }

  #waitUntilWarm(): Promise<InferenceChild | undefined> {
    const overdue = sleep(patienceMs, undefined, { ref: false }).then(() => {
      const detail = `The inference process was not back within ${patienceMs / 1000} s.`;
      throw new JobGivenBack(new ProblemError("inference_failed", detail));
    });
    return Promise.race([this.#warm, overdue]);
  }
}
