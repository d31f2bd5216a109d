import type { Ending } from "./fault-images.js";

/** What a caller sends until it is taken. */
export class Submission {
  /** The jobs or batches that its answers named: one, unless something was doubled. */
  readonly ids = new Set<string>();
  /** Why its caller gave up. */
  fault: unknown;
  /** Whether its caller, who gave no idempotency key, lost the connection and so does not know. */
  isUncertain = false;

  constructor(
    /** The job or the batch carries it as metadata. */
    readonly request: string,
    readonly kind: "job" | "batch",
    /** How the job ends, or each item of the batch, whatever breaks meanwhile. */
    readonly endings: readonly Ending[],
  ) {}
}
