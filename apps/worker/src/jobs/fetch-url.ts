import { type ProblemCode, ProblemError } from "@facefleet/contracts";
import { type Egress, EgressError, type EgressFailure } from "@facefleet/platform";

/** From the look-up to the last byte. */
const timeoutMs = 15_000;
const maxRedirects = 3;

/** Answers that may be others the next time. */
const passingStatuses = new Set([408, 425, 429]);

const problemOf: Readonly<Record<EgressFailure, ProblemCode>> = {
  forbidden: "url_forbidden",
  too_long: "image_too_large",
  unresolvable: "image_unreachable",
  unreachable: "image_unreachable",
  timeout: "image_unreachable",
  too_many_redirects: "image_unreachable",
  broken_answer: "image_unreachable",
};

/**
 * The image at a URL. What is said of it tells the status and nothing else of an answer, and never the URL, whose query
 * may hold credentials.
 * @throws ProblemError `url_forbidden`, `image_unreachable`, `image_not_found`, `image_too_large`, `empty_image`;
 * the signal's reason when aborted
 */
export async function fetchUrl(
  egress: Egress,
  url: string,
  options: { maxBytes: number; signal?: AbortSignal },
): Promise<Buffer> {
  const { status, body } = await send(egress, url, options);
  if (status < 200 || status > 299) {
    throw new ProblemError(codeOf(status), `Expected the image's URL to answer 200 but received ${status}.`);
  }
  if (body.length === 0) {
    throw new ProblemError("empty_image", "Expected an image from its URL but received 0 bytes.");
  }
  return body;
}

async function send(egress: Egress, url: string, options: { maxBytes: number; signal?: AbortSignal }) {
  const headers = { accept: "image/*" };
  try {
    return await egress.send({ url, method: "GET", headers, onTooLong: "fail", timeoutMs, maxRedirects, ...options });
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    throw new ProblemError(problemOf[error.failure], `${error.message}.`, { cause: error });
  }
}

function codeOf(status: number): ProblemCode {
  return status >= 500 || passingStatuses.has(status) ? "image_unreachable" : "image_not_found";
}
