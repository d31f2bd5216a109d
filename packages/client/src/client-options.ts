import type { RetryPolicy } from "./retry-policy.js";

export interface FacefleetClientOptions {
  /** Where the service is: "http://127.0.0.1:3000". A path is kept: "https://example.com/faces". */
  readonly url: string | URL;
  /** Sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
  /** How often one request is sent again, where that is safe. 5 unless told. */
  readonly maxRetries?: number | undefined;
  /** Before the first retry that the service gives no time for; the next ones wait longer. 1000 unless told. */
  readonly retryDelayMs?: number | undefined;
  /** The longest that one request may take, its body included; streams, until they begin. 120,000 unless told. */
  readonly requestTimeoutMs?: number | undefined;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** The options, checked and complete. */
export interface ClientSettings extends RetryPolicy {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly requestTimeoutMs: number;
  readonly fetch: typeof fetch;
}

/** @throws TypeError for options that could never work */
export function clientSettings(options: FacefleetClientOptions): ClientSettings {
  return {
    baseUrl: baseUrl(options.url),
    apiKey: options.apiKey,
    maxRetries: options.maxRetries ?? 5,
    retryDelayMs: options.retryDelayMs ?? 1000,
    requestTimeoutMs: options.requestTimeoutMs ?? 120_000,
    // Browsers refuse a fetch that is called as a method of something else.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
}

function baseUrl(given: string | URL): string {
  const { protocol, username, password, origin, pathname } = parsedUrl(given);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`Expected an http or https URL for url but received ${protocol}`);
  }
  if (username || password) throw new TypeError("Expected a url without a user name; give a key as apiKey");
  return origin + pathname.replace(/\/+$/, "");
}

function parsedUrl(given: string | URL): URL {
  try {
    return new URL(given);
  } catch (cause) {
    throw new TypeError(`Expected a URL for url but received ${JSON.stringify(given)}`, { cause });
  }
}
