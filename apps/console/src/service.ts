import { FacefleetClient, FacefleetError } from "@facefleet/client";
import { computed } from "@preact/signals";
import { apiKey, keyWanted } from "./key/api-key.js";

/** Where the API is: where this page came from, below whatever path that was. */
export const serviceUrl = new URL(".", document.baseURI).href.replace(/\/$/, "");

/** Who the page asks. It sends nothing twice by itself: whoever looks at it decides. */
export const client = computed(
  () => new FacefleetClient({ url: serviceUrl, apiKey: apiKey.value, maxRetries: 0, requestTimeoutMs: 330_000 }),
);

/** What is said of whatever a call threw. */
export interface Fault {
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
}

/** @returns undefined for a call that was given up on purpose */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof DOMException && error.name === "AbortError") return undefined;
  if (!(error instanceof FacefleetError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ...nothing, code: "console_error", title: "The console met what it did not expect", detail };
  }
  if (error.code === "unauthorized") keyWanted.value ??= "asked";
  const { code, message, problem, retryAfterMs } = error;
  return {
    code,
    title: problem?.title ?? titles[code] ?? "The service answered what was not expected",
    detail: message === problem?.title ? undefined : message,
    retryAfterMs,
    requestId: problem?.requestId,
  };
}

const nothing = { retryAfterMs: undefined, requestId: undefined } as const;

/** For what the service has not said itself. */
const titles: Readonly<Record<string, string>> = {
  unreachable: "The service does not answer",
  request_timeout: "The service took too long",
  wait_timeout: "It has not ended yet",
};
