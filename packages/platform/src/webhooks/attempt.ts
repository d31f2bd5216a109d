import { type AttemptOutcome, ProblemError } from "@facefleet/contracts";
import { type EgressAnswer, EgressError, type EgressFailure } from "../egress/index.js";
import { retryAfterMs } from "../egress/retry-after.js";

/** How an attempt to deliver an event went. */
export interface Verdict {
  readonly outcome: AttemptOutcome;
  readonly status?: number;
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs?: number;
}

/** Statuses that ask to come again, and may say when. */
const busy = new Set([429, 503]);

export function verdictOfAnswer({ status, headers }: Pick<EgressAnswer, "status" | "headers">): Verdict {
  const wait = busy.has(status) ? retryAfterMs(headers["retry-after"]) : undefined;
  return { outcome: outcomeOf(status), status, ...(wait !== undefined && { retryAfterMs: wait }) };
}

function outcomeOf(status: number): AttemptOutcome {
  if (status >= 200 && status < 300) return "delivered";
  if (status >= 300 && status < 400) return "redirected";
  return status === 410 ? "gone" : "refused";
}

/**
 * A forbidden address is tried again like one that cannot be reached: a name may lead elsewhere tomorrow, and the
 * operator may open the network that it leads to.
 */
const outcomes: Readonly<Record<EgressFailure, AttemptOutcome>> = {
  forbidden: "forbidden",
  unresolvable: "unreachable",
  unreachable: "unreachable",
  timeout: "timeout",
  too_long: "unreachable",
  too_many_redirects: "redirected",
  broken_answer: "unreachable",
};

/** The verdict on a request that got no answer; undefined when the failure is our own. */
export function verdictOfError(error: unknown): Verdict | undefined {
  if (error instanceof EgressError) return { outcome: outcomes[error.failure] };
  if (error instanceof ProblemError && error.code === "url_forbidden") return { outcome: "forbidden" };
  return undefined;
}

/** Whether the receiver, as opposed to what it thinks of one event, is in trouble. */
export function isReceiverDown({ outcome, status = 0 }: Verdict): boolean {
  if (outcome === "refused") return status >= 500 || status === 429;
  return outcome === "timeout" || outcome === "unreachable" || outcome === "forbidden";
}
