/** A request to an address that a user gave. */
export interface EgressRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The most bytes of the answer's body that are read; a longer one is cut off there or refused, see `onTooLong`. */
  readonly maxBytes: number;
  /** What becomes of an answer that is longer: it is cut at `maxBytes`, or the request fails. */
  readonly onTooLong: "cut" | "fail";
  /** From the first look-up to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * How many redirects a GET follows, each checked like the first address, and none from https to http. With 0, and
   * for a POST, a redirect is the answer.
   */
  readonly maxRedirects: number;
  readonly signal?: AbortSignal;
}

export interface EgressAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** Every request to an address that a user gave goes through one of these. */
export interface Egress {
  /**
   * Refuses, without looking anything up, a URL that could never be connected to.
   * @throws ProblemError `url_forbidden`
   */
  assertAllowed(url: string): void;
  /**
   * Any status is an answer.
   * @throws EgressError when there is none; the signal's reason when aborted
   */
  send(request: EgressRequest): Promise<EgressAnswer>;
}

/**
 * Why a request got no answer. `refused`: by the host, or its port is closed; `no_route`: there is no way to the host;
 * `tls`: no connection that can be trusted; `closed`: before the answer.
 */
export type EgressFailure =
  | "forbidden"
  | "unresolvable"
  | "refused"
  | "no_route"
  | "tls"
  | "closed"
  | "timeout"
  | "too_long"
  | "too_many_redirects"
  | "broken_answer";

/** A request that got no answer. The message names neither the address that a name led to nor what is there. */
export class EgressError extends Error {
  override readonly name = "EgressError";

  constructor(
    readonly failure: EgressFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
