import type { TraceContext } from "@facefleet/contracts";
import type { Egress } from "../../egress/index.js";
import { type Verdict, verdictOfAnswer, verdictOfError } from "./attempt.js";
import { signatureHeaders } from "./signature.js";

export interface OutgoingWebhook {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  /** What it is signed with, newest first. */
  readonly secrets: readonly string[];
  /** Where the request belongs. */
  readonly trace?: TraceContext;
}

export interface SentWebhook extends Verdict {
  readonly at: Date;
  readonly durationMs: number;
  /** What there was instead of an answer, for the log. */
  readonly error?: unknown;
}

/** Enough to let a connection be used again; nobody reads what a receiver says. */
const mostAnswerBytes = 4096;

/**
 * Sends an event once, signed for this moment.
 * @throws the signal's reason when it fires first, and what is no failure of the receiver
 */
export async function sendWebhook(
  egress: Egress,
  { id, url, body, secrets, trace }: OutgoingWebhook,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<SentWebhook> {
  const at = new Date();
  const headers = {
    "content-type": "application/json",
    "user-agent": "Facefleet-Webhooks/1",
    ...trace,
    ...signatureHeaders({ id, timestamp: Math.floor(at.getTime() / 1000), body }, secrets),
  };
  const limits = { maxBytes: mostAnswerBytes, onTooLong: "cut", timeoutMs, maxRedirects: 0, signal } as const;
  const started = performance.now();
  const verdict = await egress
    .send({ url, method: "POST", headers, body, ...limits })
    .then(verdictOfAnswer, (error: unknown) => failed(error, signal));
  return { at, durationMs: Math.round(performance.now() - started), ...verdict };
}

function failed(error: unknown, signal: AbortSignal): Pick<SentWebhook, keyof Verdict | "error"> {
  signal.throwIfAborted();
  const verdict = verdictOfError(error);
  if (verdict) return { ...verdict, error };
  throw error;
}
