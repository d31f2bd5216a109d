import { type ProblemCode, ProblemError } from "@facefleet/contracts";
import {
  type EgressAnswer,
  EgressError,
  type EgressFailure,
  JobGivenBack,
  type PutAside,
  retryAfterMs,
} from "@facefleet/platform";
import type { FetchOptions, ImageSources } from "./fetch-image.js";

/** From the look-up to the last byte. */
const timeoutMs = 15_000;
const maxRedirects = 3;

const busyStatuses = new Set([429, 503]);
/** The longest that a host may put an image off at once. */
const longestWaitMs = 15 * 60_000;
/** For how long, in all, a job waits for a host that asks for it or does not answer. */
const limitMs = 3_600_000;

/** Answers that may be others the next time. */
const passingStatuses = new Set([408, 425, 429]);

const problemOf: Readonly<Record<EgressFailure, ProblemCode>> = {
  forbidden: "url_forbidden",
  too_long: "image_too_large",
  unresolvable: "image_unreachable",
  refused: "image_unreachable",
  no_route: "image_unreachable",
  tls: "image_unreachable",
  closed: "image_unreachable",
  timeout: "image_unreachable",
  too_many_redirects: "image_unreachable",
  broken_answer: "image_unreachable",
};

/**
 * The image at a URL, asked for once the host is not busy with others. What is said of it tells the status and nothing
 * else of an answer, and never the URL, whose query may hold credentials.
 * @throws ProblemError `url_forbidden`, `image_unreachable`, `image_not_found`, `image_too_large`, `empty_image`;
 * JobGivenBack where the host is to be asked later; the signal's reason when aborted
 */
export async function fetchUrl(
  { egress, hosts }: Pick<ImageSources, "egress" | "hosts">,
  url: string,
  { tenant, ...options }: FetchOptions,
): Promise<Buffer> {
  const pass = hosts.enter(tenant, url);
  if ("waitMs" in pass) throw putAside(pass);
  let end = pass.abandoned;
  try {
    const headers = { accept: "image/*" };
    const request = { url, method: "GET", headers, onTooLong: "fail", timeoutMs, maxRedirects, ...options } as const;
    const answer = await egress.send(request);
    const leaveAloneMs = askedToWait(answer);
    end = isInTrouble(answer.status) ? () => pass.failed(leaveAloneMs) : pass.succeeded;
    return imageOf(answer, leaveAloneMs);
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    const code = problemOf[error.failure];
    if (code === "image_unreachable") end = pass.failed;
    throw new ProblemError(code, `${error.message}.`, { cause: error });
  } finally {
    end();
  }
}

function imageOf({ status, body }: EgressAnswer, leaveAloneMs: number | undefined): Buffer {
  if (status >= 200 && status < 300 && body.length > 0) return body;
  if (status >= 200 && status < 300) {
    throw new ProblemError("empty_image", "Expected an image from its URL but received 0 bytes.");
  }
  const problem = new ProblemError(codeOf(status), `Expected the image's URL to answer 200 but received ${status}.`);
  throw leaveAloneMs === undefined ? problem : new JobGivenBack(problem, { delayMs: leaveAloneMs, limitMs });
}

/** A host that is merely busy with others of ours may take as long as it takes. */
function putAside({ waitMs, isOpen }: PutAside): JobGivenBack {
  const problem = new ProblemError(
    "image_unreachable",
    "Expected the image's host to answer but it has not for a while.",
  );
  return new JobGivenBack(problem, { delayMs: waitMs, ...(isOpen && { limitMs }) });
}

/** How long a host that is overloaded asks to be left alone. */
function askedToWait({ status, headers }: EgressAnswer): number | undefined {
  const wait = busyStatuses.has(status) ? retryAfterMs(headers["retry-after"]) : undefined;
  return wait === undefined ? undefined : Math.min(wait, longestWaitMs);
}

function isInTrouble(status: number): boolean {
  return status >= 500 || status === 429;
}

function codeOf(status: number): ProblemCode {
  return status >= 500 || passingStatuses.has(status) ? "image_unreachable" : "image_not_found";
}
