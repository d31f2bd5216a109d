import type { ProblemError } from "@facefleet/contracts";

export interface GivenBackOptions extends ErrorOptions {
  /** How long it is left alone, in milliseconds, unless it goes to other workers because this one takes none now. */
  readonly delayMs?: number;
  /**
   * For how long a job may be given back in this way, from the first time on, in milliseconds. After it the problem is
   * its own, and counts as an attempt. Without it, for as long as it takes.
   */
  readonly limitMs?: number;
}

/**
 * Thrown by what runs a job that could not be done for a reason that is not the job's: a part of ours is away, or a host
 * asked to come later. The job goes back as it was: no attempt is counted.
 */
export class JobGivenBack extends Error {
  override readonly name = "JobGivenBack";
  readonly delayMs: number | undefined;
  readonly limitMs: number | undefined;

  constructor(
    /** What it would have been. */
    readonly problem: ProblemError,
    { delayMs, limitMs, ...options }: GivenBackOptions = {},
  ) {
    super(problem.message, { cause: problem, ...options });
    this.delayMs = delayMs;
    this.limitMs = limitMs;
  }
}
