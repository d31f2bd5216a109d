import { FacefleetClient, FacefleetError } from "@facefleet/client";
import { computed } from "@preact/signals";
import { apiKey, keyWanted } from "./key/api-key.js";

/** Where the API is: where this page came from, below whatever path that was. */
export const serviceUrl = new URL(".", document.baseURI).href.replace(/\/$/, "");

const settings = computed(() => ({ url: serviceUrl, apiKey: apiKey.value, requestTimeoutMs: 330_000 }));

/** Who the page asks. It sends nothing twice by itself: whoever looks at it decides. */
export const client = computed(() => new FacefleetClient({ ...settings.value, maxRetries: 0 }));

/** For the many requests of one click: what one of them can wait for must not lose the others. */
export const patientClient = computed(() => new FacefleetClient({ ...settings.value, fetch: fetchOrTellStore }));

/** A store of another origin can be out of reach of this page alone: by the page's policy, or by the store's rules for CORS. */
const fetchOrTellStore: typeof fetch = async (address, init) => {
  try {
    return await fetch(address, init);
  } catch (cause) {
    const { origin } = new URL(String(address), location.href);
    if (init?.signal?.aborted || origin === location.origin) throw cause;
    const message = `The store at ${origin} takes pictures, but this page could not send them there. Put them into a bucket, and name their prefix.`;
    throw new FacefleetError("store_unreachable", message, { cause });
  }
};

/** What is said of whatever a call threw. */
export interface Fault {
  readonly code: string;
  /** Whether the service has said it, whose documentation then has the code. */
  readonly isOfService: boolean;
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
    isOfService: problem !== undefined,
    title: problem?.title ?? titles[code] ?? "The service answered what was not expected",
    detail: message === problem?.title ? undefined : message,
    retryAfterMs,
    requestId: problem?.requestId,
  };
}

const nothing = { isOfService: false, retryAfterMs: undefined, requestId: undefined } as const;

/** For what the service has not said itself. */
const titles: Readonly<Record<string, string>> = {
  unreachable: "The service does not answer",
  request_timeout: "The service took too long",
  wait_timeout: "It has not ended yet",
  store_unreachable: "The store cannot be reached from this page",
  pictures_too_large: "The pictures are too large together",
};
