import { type Static, Type } from "typebox";
import { type ProblemCode, problemCodes, problemTable } from "./problem-table.js";

/** The body of every error answer (RFC 9457, `application/problem+json`), and the `error` of a failed job. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: "A URI reference for the kind of problem." }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.Enum(problemCodes, { description: "The stable name of the problem." }),
    detail: Type.Optional(Type.String({ description: "What was expected and what came." })),
    retryable: Type.Boolean({ description: "Whether the same request may succeed later, unchanged." }),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
        description: "Each fault of an invalid request.",
      }),
    ),
    job: Type.Optional(Type.String({ description: "The job's URL, where the job goes on." })),
    idempotencyKey: Type.Optional(
      Type.String({ description: "What to send as `Idempotency-Key` with the same request, to have it done once." }),
    ),
    requestId: Type.Optional(Type.String()),
  },
  { $id: "Problem", additionalProperties: false },
);
export type Problem = Static<typeof Problem>;

/** What a particular occurrence of a problem adds to its row in the table. */
export type ProblemExtras = Pick<Problem, "errors" | "job" | "idempotencyKey">;

/**
 * An error with a row in the problem table. Whoever catches one can answer, store or log it without
 * knowing where it came from. `detail` is shown to callers: it never holds a secret or a stack.
 */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    options: ErrorOptions & { readonly extras?: ProblemExtras } = {},
  ) {
    super(detail ?? problemTable[code].title, options);
    this.extras = options.extras ?? {};
  }

  readonly extras: ProblemExtras;

  get status(): number {
    return problemTable[this.code].status;
  }

  get retryable(): boolean {
    return problemTable[this.code].retryable;
  }

  toProblem(): Problem {
    const { status, title, retryable } = problemTable[this.code];
    return {
      type: `/docs/errors#${this.code}`,
      title,
      status,
      code: this.code,
      retryable,
      ...(this.detail !== undefined && { detail: this.detail }),
      ...this.extras,
    };
  }

  static fromProblem(problem: Problem, options: ErrorOptions = {}): ProblemError {
    const { errors, job, idempotencyKey } = problem;
    return new ProblemError(problem.code, problem.detail, {
      ...options,
      extras: {
        ...(errors && { errors }),
        ...(job !== undefined && { job }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      },
    });
  }
}

/** Gives any thrown value a row in the table; what is not a problem becomes `fallback`, with its cause kept. */
export function asProblemError(error: unknown, fallback: ProblemCode = "internal_error"): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError(fallback, undefined, { cause: error });
}
