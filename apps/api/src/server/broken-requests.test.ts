import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Problem } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerBrokenRequest } from "./broken-requests.js";

describe("a request that is no HTTP", () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer({ headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 });
    server.on("clientError", answerBrokenRequest);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());

  it.each<[what: string, request: string, status: number, code: Problem["code"]]>([
    ["nonsense", "nonsense\r\n\r\n", 400, "invalid_request"],
    ["an unknown method", "FETCH / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "invalid_request"],
    ["too long headers", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
    ["half a request", "GET / HTTP/1.1\r\nHost: a\r\n", 408, "request_timeout"],
  ])("as %s: is answered with a problem, and the connection closed", async (_what, request, status, code) => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(request);
    const [head, body] = (await text(socket)).split("\r\n\r\n") as [string, string];
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w`));
    expect(head).toContain("Content-Type: application/problem+json");
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}\r\n`);
    const problem: Problem = JSON.parse(body);
    expect(problem).toMatchObject({ status, code, type: `/docs/errors#${code}` });
    expect(head).toContain(`X-Request-Id: ${problem.requestId}`);
  });
});
