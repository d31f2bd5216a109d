import type { Logger } from "../logging/index.js";

interface Closer {
  readonly name: string;
  readonly stop: () => Promise<unknown> | unknown;
}

/** Closes what an application has opened: last opened first, each once, all under one deadline. */
export class Lifecycle {
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #closers: Closer[] = [];
  #closing = "";
  #stopped: Promise<boolean> | undefined;

  constructor(options: { readonly logger: Logger; readonly deadlineMs: number }) {
    this.#logger = options.logger;
    this.#deadlineMs = options.deadlineMs;
  }

  /** Registers what to close. What is registered while stopping is still closed. */
  onStop(name: string, stop: Closer["stop"]): void {
    this.#closers.push({ name, stop });
  }

  /**
   * Closes everything; a closer that fails is logged and does not stop the others.
   * @returns whether all of it ended before the deadline. Every call gives the same promise.
   */
  stop(reason: string): Promise<boolean> {
    this.#stopped ??= this.#stop(reason);
    return this.#stopped;
  }

  async #stop(reason: string): Promise<boolean> {
    this.#logger.info({ reason }, "stopping");
    const inTime = await withDeadline(this.#closeAll(), this.#deadlineMs);
    if (inTime) this.#logger.info("stopped");
    else this.#logger.error({ closing: this.#closing, deadlineMs: this.#deadlineMs }, "stopping took too long");
    return inTime;
  }

  async #closeAll(): Promise<void> {
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      this.#closing = closer.name;
      try {
        await closer.stop();
      } catch (error) {
        this.#logger.error({ err: error, closing: closer.name }, "could not be closed");
      }
    }
  }
}

async function withDeadline(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([work.then(() => true), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
