import { FacefleetError } from "./facefleet-error.js";

interface Attempt {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  readonly cause: unknown;
}

/**
 * What a browser does not say itself: that there is an answer, which it keeps from this page, because it is of another
 * origin. Undefined outside of browsers, where nothing answers, and where the page may read answers after all.
 *
 * @param url what got no answer
 * @param probe an address of the same service that any page may ask, though not read
 */
export async function blockedByBrowser(
  url: string,
  probe: string,
  { fetch, signal, cause }: Attempt,
): Promise<FacefleetError | undefined> {
  const { location } = globalThis as { readonly location?: { readonly origin: string } };
  const { origin } = new URL(url);
  if (location === undefined || location.origin === origin || new URL(probe).origin !== origin) return undefined;
  const answers = (mode: "cors" | "no-cors") =>
    fetch(probe, { mode, signal }).then(
      () => true,
      () => false,
    );
  if ((await answers("cors")) || !(await answers("no-cors"))) return undefined;
  const message = `Expected an answer of ${origin} but the browser keeps its answers from the pages of ${location.origin}: CORS_ORIGINS of the service does not name them`;
  return new FacefleetError("unreachable", message, { cause });
}
