import { asProblemError, type ProblemCode, ProblemError, problemTable } from "@facefleet/contracts";
import { type Logger, OccasionalLines } from "@facefleet/platform";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addressedProblem } from "../addresses/addressed.js";
import type { BaseOf } from "../addresses/public-address.js";
import { KnownRoutes } from "./known-routes.js";
import { isClientGone } from "./patience.js";

/** Seconds after which a caller may try again when something behind the API is away or full. */
const retryAfterSeconds = 2;

/** Fastify's own errors that are the caller's doing, and the problem that each one is. */
const frameworkProblems: Readonly<Record<string, readonly [code: ProblemCode, detail: string]>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: ["malformed_json", "Expected JSON for the body but received nothing"],
  FST_ERR_CTP_INVALID_JSON_BODY: ["malformed_json", "Expected JSON for the body but received something else"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["invalid_request", "Expected a body as long as its Content-Length says"],
  FST_ERR_BAD_URL: ["invalid_request", "Expected a valid URL"],
  FST_FILES_LIMIT: ["invalid_request", "Expected fewer parts in the form"],
  FST_PROTO_VIOLATION: ["invalid_request", "Expected other names for the parts of the form"],
  FST_MP_PREMATURE_CLOSE: ["invalid_request", "Expected the whole form but the request ended before it"],
};

declare module "fastify" {
  interface FastifyReply {
    /** Of the problem that it answers with. */
    problemCode: ProblemCode | undefined;
  }
}

type Answerer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Makes every error of an application an `application/problem+json` answer (RFC 9457). */
export function answerProblems(app: FastifyInstance, answer: Answerer): void {
  app.decorateReply("problemCode");
  app.setErrorHandler(answer);
  const routes = new KnownRoutes(app);
  app.setNotFoundHandler((request, reply) => {
    const methods = routes.methodsOf(pathOf(request));
    if (methods.length > 0) {
      reply.header("allow", methods.join(", "));
      throw new ProblemError(
        "method_not_allowed",
        `Expected ${methods.join(" or ")} for ${shortened(pathOf(request))} but received ${request.method}`,
      );
    }
    throw new ProblemError(
      "route_not_found",
      `Expected a known route but received ${request.method} ${shortened(pathOf(request))}`,
    );
  });
}

/**
 * Answers with a problem. What is no problem of the caller's is logged, and answered without detail. An outage fails every
 * request in the same way: the log has one of them in a while, and of each that it was answered so.
 */
export function problemAnswerer(logger: Logger, baseOf: BaseOf): Answerer {
  const lines = new OccasionalLines(logger);
  return (error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.status >= 500) report(error, problem);
    answer(problem, baseOf(request), request, reply);

    function report(err: unknown, { code, status }: ProblemError): void {
      const fields = { requestId: request.id, err, code };
      // A client that leaves ends its own request: that is no failure of the service.
      if (isClientGone(reply)) logger.debug(fields, "request failed");
      else if (status === 503) lines.write("error", fields, "request failed", code);
      else logger.error(fields, "request failed");
    }
  };
}

function answer(problem: ProblemError, base: string, request: FastifyRequest, reply: FastifyReply): void {
  reply.problemCode = problem.code;
  reply.header("x-request-id", request.id);
  if (problem.status === 503 || isFull(problem.code)) reply.header("retry-after", retryAfterSeconds);
  const { idempotencyKey } = problem.extras;
  if (idempotencyKey !== undefined) {
    reply.header("idempotency-key", idempotencyKey);
    reply.subjectId = idempotencyKey;
  }
  void reply
    .code(problem.status)
    .type("application/problem+json")
    .send(JSON.stringify({ ...addressedProblem(base, problem.toProblem()), requestId: request.id }));
}

function isFull(code: ProblemCode): boolean {
  return code.startsWith("too_many_");
}

function problemOf(error: unknown, request: FastifyRequest): ProblemError {
  if (!(error instanceof Error) || error instanceof ProblemError) return asProblemError(error);
  const { code, statusCode = 500 } = error as Partial<FastifyError> & Error;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return unexpectedMediaType(request);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const limit = request.routeOptions.bodyLimit;
    return new ProblemError("body_too_large", `Expected a body of at most ${limit} bytes`, { cause: error });
  }
  const known = code === undefined ? undefined : frameworkProblems[code];
  if (known) return new ProblemError(known[0], known[1], { cause: error });
  if (error instanceof SyntaxError && statusCode === 400) {
    return new ProblemError("malformed_json", "Expected JSON without forbidden keys for the body", { cause: error });
  }
  if (statusCode >= 500) return asProblemError(error);
  return new ProblemError(codeOfStatus(statusCode), undefined, { cause: error });
}

/** The problem of a request whose Content-Type its route does not take. */
export function unexpectedMediaType(request: FastifyRequest, expected = acceptedBodies(request)): ProblemError {
  const received = request.headers["content-type"]?.slice(0, 100) ?? "none";
  return new ProblemError("unsupported_media_type", `Expected ${expected} but received ${received}`);
}

/** The media types of bodies that a route describes. */
function acceptedBodies({ routeOptions }: FastifyRequest): string {
  const body = routeOptions.schema?.body as { content?: Record<string, unknown> } | undefined;
  if (!body) return "no body";
  return Object.keys(body.content ?? { "application/json": body }).join(" or ");
}

function codeOfStatus(status: number): ProblemCode {
  const codes = ["body_too_large", "unsupported_media_type"] as const;
  return codes.find((code) => problemTable[code].status === status) ?? "invalid_request";
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}

function shortened(path: string): string {
  return path.slice(0, 100);
}
