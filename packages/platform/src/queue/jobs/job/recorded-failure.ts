import type { Problem } from "@facefleet/contracts";
import { UnrecoverableError } from "bullmq";

const mark = "outcome recorded";

/** Tells BullMQ that a job has failed for good and that its outcome has been written. */
export class RecordedFailure extends UnrecoverableError {
  constructor(problem: Problem) {
    super(`${mark}: ${problem.code}`);
  }

  /** Whether the reason that BullMQ keeps with a failed job came from here. */
  static isReason(failedReason: string | undefined): boolean {
    return failedReason?.startsWith(mark) ?? false;
  }
}
