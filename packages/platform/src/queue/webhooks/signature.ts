import { createHmac } from "node:crypto";
import { keyOf } from "./secret.js";

/** What is signed: Standard Webhooks 1.0, "Signature scheme". */
export interface SignedMessage {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers that let a receiver check who sent a message. One signature for each secret. */
export function signatureHeaders(message: SignedMessage, secrets: readonly string[]): Record<string, string> {
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestamp),
    "webhook-signature": secrets.map((secret) => `v1,${hmac(message, secret)}`).join(" "),
  };
}

function hmac({ id, timestamp, body }: SignedMessage, secret: string): string {
  return createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64");
}
