import { bytesOfBase64 } from "./base64.js";
import { type RequestHeaders, type WebhookHeaders, webhookHeaders } from "./webhook-headers.js";
import { importSecret, type SigningKey } from "./webhook-secret.js";
import { WebhookVerificationError } from "./webhook-verification-error.js";
import type { WebhookEvent } from "./wire.js";

export interface WebhookRequest {
  readonly headers: RequestHeaders;
  /** The body as received, before anything has parsed it: one changed byte is another message. */
  readonly body: string | Uint8Array | ArrayBuffer;
  /** "whsec_<base64>"; several while one takes the place of another. */
  readonly secret: string | readonly string[];
  /** How far the sender's clock and the message's age may be off, together. 300 unless told. */
  readonly toleranceSeconds?: number;
}

/**
 * Makes sure that a request is a webhook of the service, by Standard Webhooks 1.0 (HMAC-SHA256 over id,
 * timestamp and body), and returns its event. The header `webhook-id` is the same each time that an event is
 * sent again: whoever must not act twice keeps it.
 * @throws WebhookVerificationError when it is not
 * @throws TypeError for a secret that is none, or a body that was parsed already
 */
export async function verifyWebhook(request: WebhookRequest): Promise<WebhookEvent> {
  const { headers, body, secret, toleranceSeconds = 300 } = request;
  const keys = await Promise.all((typeof secret === "string" ? [secret] : secret).map(importSecret));
  if (keys.length === 0) throw new TypeError("Expected at least one webhook secret but received none");
  const bytes = bytesOfBody(body);
  const signed = webhookHeaders(headers);
  assertRecent(Number(signed.timestamp), toleranceSeconds);
  if (await isSignedByOne(keys, signed, bytes)) return eventIn(bytes);
  throw new WebhookVerificationError("wrong_signature", "Expected a signature made with a given secret");
}

function bytesOfBody(body: WebhookRequest["body"]): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new TypeError("Expected the body as it was received, a string or bytes, but received something parsed");
}

function assertRecent(timestamp: number, toleranceSeconds: number): void {
  const age = Math.floor(Date.now() / 1000) - timestamp;
  if (Math.abs(age) <= toleranceSeconds) return;
  const [fault, when] = age > 0 ? (["too_old", "ago"] as const) : (["too_new", "ahead"] as const);
  const message = `Expected a webhook of the last ${toleranceSeconds} s but received one of ${Math.abs(age)} s ${when}`;
  throw new WebhookVerificationError(fault, message);
}

async function isSignedByOne(
  keys: readonly SigningKey[],
  { id, timestamp, signatures }: WebhookHeaders,
  body: Uint8Array,
): Promise<boolean> {
  const content = concatenated(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  for (const signature of signatures) {
    const bytes = bytesOfBase64(signature);
    // Web Crypto compares in constant time.
    const checks = bytes ? keys.map((key) => crypto.subtle.verify("HMAC", key, bytes, content)) : [];
    if ((await Promise.all(checks)).includes(true)) return true;
  }
  return false;
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function eventIn(body: Uint8Array): WebhookEvent {
  const event = parsed(body) as Partial<WebhookEvent> | null;
  if (typeof event?.type === "string" && typeof event.data === "object" && event.data !== null) {
    return event as WebhookEvent;
  }
  throw new WebhookVerificationError("bad_body", "Expected an event with type and data but received something else");
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new WebhookVerificationError("bad_body", "Expected a body of JSON but received something else", { cause });
  }
}
