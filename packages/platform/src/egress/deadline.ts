import { EgressError } from "./egress.js";

/** Ends a request: when its time is over, or when its caller says so. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;

  constructor(milliseconds: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#timer = setTimeout(() => this.#controller.abort(tooLate(milliseconds)), milliseconds);
    caller?.addEventListener("abort", this.#callerAborts);
    if (caller?.aborted) this.#callerAborts();
  }

  /** Aborts with an EgressError, or with the caller's own reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The work's end, unless the deadline comes first: also of work that does not listen to the signal. */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    let end = () => {};
    const ended = new Promise<never>((_resolve, reject) => {
      end = () => reject(signal.reason);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
    try {
      return await Promise.race([work, ended]);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#callerAborts);
  }

  readonly #callerAborts = () => this.#controller.abort(this.#caller?.reason);
}

function tooLate(milliseconds: number): EgressError {
  return new EgressError("timeout", `Expected the whole answer within ${milliseconds} ms but received less`);
}
