import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { ProblemError } from "@facefleet/contracts";

/** A request that could not be read as HTTP, or not in time: Node tells of it before there is a request. */
type BrokenRequest = Error & { readonly code?: string };

/** Answers it with a problem as well, and ends the connection, on which nothing can be trusted any more. */
export function answerBrokenRequest(error: BrokenRequest, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (socket.writable) socket.write(answerOf(problemOf(error)));
  socket.destroy();
}

function problemOf(error: BrokenRequest): ProblemError {
  const options = { cause: error };
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return new ProblemError("headers_too_large", "Expected a URL and headers of at most 16 KiB together", options);
  }
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new ProblemError("request_timeout", "Expected the whole request within the time limit", options);
  }
  return new ProblemError("invalid_request", "Expected an HTTP request but received something else", options);
}

function answerOf(problem: ProblemError): string {
  const requestId = randomUUID();
  const body = JSON.stringify({ ...problem.toProblem(), requestId });
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "Content-Type: application/problem+json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}
