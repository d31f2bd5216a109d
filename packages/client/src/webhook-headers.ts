import { WebhookVerificationError } from "./webhook-verification-error.js";

/** The headers of a request: a Headers, or an object as Node's `request.headers`. */
export type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface WebhookHeaders {
  readonly id: string;
  /** Seconds since 1970, as sent: it is part of what is signed. */
  readonly timestamp: string;
  /** The signatures of version 1, in base64. */
  readonly signatures: readonly string[];
}

/** @throws WebhookVerificationError `bad_headers` */
export function webhookHeaders(headers: RequestHeaders): WebhookHeaders {
  const timestamp = header(headers, "webhook-timestamp");
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw badHeaders(`Expected seconds in the header webhook-timestamp but received ${JSON.stringify(timestamp)}`);
  }
  const signatures = header(headers, "webhook-signature").split(" ").flatMap(signatureOfVersion1);
  return { id: header(headers, "webhook-id"), timestamp, signatures };
}

/** Other versions are other algorithms: they are left to those who know them. */
function signatureOfVersion1(text: string): string[] {
  return text.startsWith("v1,") ? [text.slice("v1,".length)] : [];
}

function header(headers: RequestHeaders, name: string): string {
  const value = isHeaders(headers) ? headers.get(name) : valueIn(headers, name);
  if (typeof value === "string" && value !== "") return value;
  throw badHeaders(`Expected one header ${name} but received ${value ? "several" : "none"}`);
}

function isHeaders(headers: RequestHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === "function";
}

function valueIn(headers: Exclude<RequestHeaders, { get(name: string): string | null }>, name: string) {
  const key = Object.keys(headers).find((key) => key.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

function badHeaders(message: string): WebhookVerificationError {
  return new WebhookVerificationError("bad_headers", message);
}
