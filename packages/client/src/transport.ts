import { answerError } from "./answer-error.js";
import { blockedByBrowser } from "./blocked-by-browser.js";
import type { ClientSettings } from "./client-options.js";
import { FacefleetError } from "./facefleet-error.js";
import { pause } from "./pause.js";
import { delayBeforeRetry, mayRetry } from "./retry-policy.js";
import { within } from "./within.js";

export interface ServiceRequest<T> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the service's address. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData;
  /** Whether sending it twice does what sending it once does. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal | undefined;
  /** Takes what is wanted from an answer of 2xx. */
  readonly read: (response: Response) => Promise<T>;
}

/** A request to an address that the service gave: it carries its own permission, so it gets no key. */
export type SignedRequest<T> = Omit<ServiceRequest<T>, "path" | "body"> & { readonly url: string; readonly body: Blob };

/** Sends requests, again where that is safe and may help. */
export class Transport {
  readonly #settings: ClientSettings;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  send<T>(request: ServiceRequest<T>): Promise<T> {
    const { apiKey, baseUrl } = this.#settings;
    const headers = { ...request.headers, ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) };
    return this.#sendUntilAnswered(baseUrl + request.path, { ...request, headers });
  }

  sendSigned<T>({ url, ...request }: SignedRequest<T>): Promise<T> {
    return this.#sendUntilAnswered(url, request);
  }

  async #sendUntilAnswered<T>(url: string, request: OutgoingRequest<T>): Promise<T> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.#sendOnce(url, request);
      } catch (error) {
        const again = error instanceof FacefleetError && mayRetry(error, request.repeatable);
        if (!again || retry >= this.#settings.maxRetries) throw error;
        await pause(delayBeforeRetry(retry, this.#settings, error.retryAfterMs), request.signal);
      }
    }
  }

  async #sendOnce<T>(url: string, { method, headers, body, read, signal }: OutgoingRequest<T>): Promise<T> {
    const { requestTimeoutMs, fetch, baseUrl } = this.#settings;
    const overdue = () => requestOverdue(url, requestTimeoutMs);
    return within({ milliseconds: requestTimeoutMs, overdue, signal }, async (signal) => {
      try {
        // A redirect would turn a submission into a GET: it is an answer that nobody expects here.
        const init = { method, redirect: "manual", signal, headers: headers ?? {}, body: body ?? null } as const;
        const response = await fetch(url, init);
        if (!response.ok) throw await answerError(response);
        return await read(response);
      } catch (error) {
        if (error instanceof FacefleetError) throw error;
        throw (
          (await blockedByBrowser(url, `${baseUrl}/livez`, { fetch, signal, cause: error })) ?? unreachable(url, error)
        );
      }
    });
  }
}

type OutgoingRequest<T> = Omit<ServiceRequest<T>, "path" | "body"> & { readonly body?: string | FormData | Blob };

function unreachable(url: string, cause: unknown): FacefleetError {
  const message = `Expected an answer of ${new URL(url).origin} but the connection failed`;
  return new FacefleetError("unreachable", message, { retryable: true, cause });
}

function requestOverdue(url: string, milliseconds: number): FacefleetError {
  const message = `Expected an answer of ${new URL(url).origin} within ${milliseconds} ms but none came`;
  return new FacefleetError("request_timeout", message, { retryable: true });
}
