import { type AttemptCause, type AttemptOutcome, ProblemError } from "@facefleet/contracts";
import { type EgressAnswer, EgressError, type EgressFailure } from "../../egress/index.js";
import { retryAfterMs } from "../../egress/retry-after.js";

/** How an attempt to deliver an event went. */
export interface Verdict {
  readonly outcome: AttemptOutcome;
  /** Why it was not delivered. */
  readonly cause?: AttemptCause;
  readonly status?: number;
  /** How long the receiver asked to be left alone. */
  readonly retryAfterMs?: number;
}

/** Statuses that ask to come again, and may say when. */
const busy = new Set([429, 503]);

export function verdictOfAnswer({ status, headers }: Pick<EgressAnswer, "status" | "headers">): Verdict {
  const wait = busy.has(status) ? retryAfterMs(headers["retry-after"]) : undefined;
  const outcome = outcomeOf(status);
  const cause = outcome === "delivered" ? {} : ({ cause: "status" } as const);
  return { outcome, ...cause, status, ...(wait !== undefined && { retryAfterMs: wait }) };
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
const verdicts: Readonly<Record<EgressFailure, Verdict>> = {
  forbidden: { outcome: "forbidden", cause: "forbidden" },
  unresolvable: { outcome: "unreachable", cause: "dns" },
  refused: { outcome: "unreachable", cause: "refused" },
  no_route: { outcome: "unreachable", cause: "no_route" },
  tls: { outcome: "unreachable", cause: "tls" },
  closed: { outcome: "unreachable", cause: "closed" },
  timeout: { outcome: "timeout", cause: "timeout" },
  too_long: { outcome: "unreachable", cause: "malformed" },
  too_many_redirects: { outcome: "redirected", cause: "status" },
  broken_answer: { outcome: "unreachable", cause: "malformed" },
};

/** The verdict on a request that got no answer; undefined when the failure is our own. */
export function verdictOfError(error: unknown): Verdict | undefined {
  if (error instanceof EgressError) return verdicts[error.failure];
  if (error instanceof ProblemError && error.code === "url_forbidden") return verdicts.forbidden;
  return undefined;
}

/** Whether the receiver, as opposed to what it thinks of one event, is in trouble. */
export function isReceiverDown({ outcome, status = 0 }: Verdict): boolean {
  if (outcome === "refused") return status >= 500 || status === 429;
  return outcome === "timeout" || outcome === "unreachable" || outcome === "forbidden";
}
