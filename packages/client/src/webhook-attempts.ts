import type { WebhookState } from "@facefleet/contracts";

/** How far the announcement of an end has come, and how each time of sending it went. */
export interface WebhookAttempts {
  /** The event's `webhook-id`, the same in each attempt. Absent before the end. */
  readonly id?: string;
  readonly state: WebhookState;
  /** Oldest first. */
  readonly attempts: readonly WebhookAttempt[];
}

export interface WebhookAttempt {
  readonly at: string;
  readonly durationMs: number;
  /** "delivered", or what went wrong: "refused", "timeout", ... */
  readonly outcome: string;
  /** What the receiver answered. */
  readonly status?: number;
  readonly nextAttemptAt?: string;
}
