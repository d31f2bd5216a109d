import type { Problem } from "./wire.js";

export type ProblemCode = Problem["code"];

/** What can go wrong before, or instead of, an answer of the service. */
export type ClientErrorCode =
  /** Nothing answered, or the connection was lost; or, as the message then says, a browser kept the answer back. */
  | "unreachable"
  /** No answer came within `requestTimeoutMs`. */
  | "request_timeout"
  /** A job or batch had not ended within `timeoutMs`. It goes on. */
  | "wait_timeout"
  /** The answer is not one of Facefleet's: that of a proxy, perhaps. */
  | "unexpected_answer"
  /** A result was asked of a job that carries none: it has not ended, comes from a list, or was erased. */
  | "result_absent";

/** The codes known today. A newer service may send others: they are passed on. */
export type FacefleetErrorCode = ProblemCode | ClientErrorCode | (string & Record<never, never>);

/** A problem (RFC 9457) as received: its code may be one that this version does not know. */
export type ReceivedProblem = Omit<Problem, "code"> & { readonly code: FacefleetErrorCode };

export interface FacefleetErrorDetails extends ErrorOptions {
  readonly status?: number;
  readonly problem?: ReceivedProblem;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

/** Every way in which a call fails, except that it was aborted: then the signal's reason is thrown. */
export class FacefleetError extends Error {
  override readonly name = "FacefleetError";
  readonly code: FacefleetErrorCode;
  /** The HTTP status of the answer, where there was one; of a failed job, its problem's. */
  readonly status: number | undefined;
  /** The problem as the service told it. */
  readonly problem: ReceivedProblem | undefined;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** How long the service asked to wait before that. */
  readonly retryAfterMs: number | undefined;

  constructor(code: FacefleetErrorCode, message: string, details: FacefleetErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.status = details.status;
    this.problem = details.problem;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }

  static fromProblem(problem: ReceivedProblem, details: { readonly retryAfterMs?: number } = {}): FacefleetError {
    const { code, detail, title, status, retryable } = problem;
    return new FacefleetError(code, detail ?? title ?? code, { status, problem, retryable, ...details });
  }
}
