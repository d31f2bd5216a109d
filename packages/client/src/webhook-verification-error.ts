export type WebhookFault =
  /** One of the three headers is not there, or not as it must be. */
  | "bad_headers"
  /** The timestamp is further in the past than is tolerated: perhaps an old message, sent again by somebody else. */
  | "too_old"
  /** The timestamp is further in the future than is tolerated: one of the two clocks is wrong. */
  | "too_new"
  /** No signature is one that a given secret makes. */
  | "wrong_signature"
  /** The message is genuine but no event. */
  | "bad_body";

/** A request is not a webhook of the service. Answer it with 400. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
  readonly fault: WebhookFault;

  constructor(fault: WebhookFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
