import { FacefleetError, type ReceivedProblem } from "./facefleet-error.js";
import { retryAfterMs } from "./retry-after.js";

/** The error that an answer other than 2xx stands for. Reads its body. */
export async function answerError(response: Response): Promise<FacefleetError> {
  const problem = problemIn(await response.text(), response.status);
  const wait = retryAfterMs(response.headers.get("retry-after"));
  const details = wait === undefined ? {} : { retryAfterMs: wait };
  return problem ? FacefleetError.fromProblem(problem, details) : unexpectedAnswer(response, details);
}

function unexpectedAnswer({ status, statusText }: Response, details: { readonly retryAfterMs?: number }) {
  const message = `Expected an answer of Facefleet but received ${status} ${statusText}`.trim();
  return new FacefleetError("unexpected_answer", message, { status, retryable: isPassing(status), ...details });
}

function problemIn(body: string, status: number): ReceivedProblem | undefined {
  const problem = parsed(body);
  if (typeof problem !== "object" || problem === null) return undefined;
  const { code, title = code, retryable = isPassing(status) } = problem as Partial<ReceivedProblem>;
  if (typeof code !== "string" || typeof title !== "string") return undefined;
  return { type: "about:blank", ...problem, code, title, status, retryable };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What proxies say while a service behind them is away or busy. */
function isPassing(status: number): boolean {
  return [429, 500, 502, 503, 504].includes(status);
}
