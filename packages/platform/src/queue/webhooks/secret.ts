import { randomBytes } from "node:crypto";

const prefix = "whsec_";

/** A secret in the form of Standard Webhooks: 32 random bytes. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(32).toString("base64");
}

export function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(prefix.length), "base64");
}
