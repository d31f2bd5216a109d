import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Job, ProblemError } from "@facefleet/contracts";
import { freePort } from "@facefleet/stack";
import { afterEach, beforeEach, expect, it } from "vitest";
import { retryAfterMs, ServiceClient } from "../src/submit/service-client.js";
import { submitAll } from "../src/submit/submission.js";
import type { SubmitInput } from "../src/submit/submit-input.js";

/** Answers requests with the given answers, one after the other, and keeps what came. */
type Answer = { status: number; headers?: Record<string, string>; body?: unknown };

let server: Server;
let url: string;
let answers: Answer[];
let requests: { line: string; body: string }[];
let folder: string;
let image: Extract<SubmitInput, { kind: "file" }>;

beforeEach(async () => {
  answers = [];
  requests = [];
  server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "client-"));
  image = { kind: "file", name: join(folder, "a.png"), contentType: "image/png" };
  await writeFile(image.name, "the bytes of an image");
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

it("sends the file with its job and waits until the job has ended", async () => {
  answers = [accepted("queued"), accepted("active"), accepted("succeeded")];
  const client = new ServiceClient({ url });
  const job = await client.finished(await client.submit(image, { task: "detect", options: { maxFaces: 3 } }));
  expect(job.state).toBe("succeeded");
  expect(requests.map(({ line }) => line)).toEqual([
    "POST /v1/jobs",
    "GET /v1/jobs/j1?wait=20",
    "GET /v1/jobs/j1?wait=20",
  ]);
  const { body } = requests[0]!;
  expect(body).toContain('{"task":"detect","options":{"maxFaces":3}}');
  expect(body).toContain('name="image"; filename="a.png"\r\nContent-Type: image/png');
  expect(body).toContain("the bytes of an image");
});

it("comes back after the time in Retry-After", async () => {
  answers = [problem("queue_unavailable", { "retry-after": "1" }), accepted("queued")];
  const start = Date.now();
  await new ServiceClient({ url }).submit(image, { task: "detect" });
  expect(Date.now() - start).toBeGreaterThanOrEqual(990);
  expect(requests).toHaveLength(2);
  expect(requests[1]!.body).toContain("the bytes of an image");
});

it("gives up after a bounded number of retries, with the service's own problem", async () => {
  answers = Array.from({ length: 10 }, () => problem("store_unavailable", { "retry-after": "0" }));
  const submitting = new ServiceClient({ url, maxRetries: 2 }).submit(image, { task: "detect" });
  await expect(submitting).rejects.toMatchObject({ code: "store_unavailable" });
  expect(requests).toHaveLength(3);
});

it("does not repeat what can never succeed", async () => {
  answers = [problem("unsupported_image_format")];
  const submitting = new ServiceClient({ url }).submit(image, { task: "detect" });
  await expect(submitting).rejects.toBeInstanceOf(ProblemError);
  expect(requests).toHaveLength(1);
});

it("says so when somebody else answers, or nobody", async () => {
  answers = [{ status: 502, body: "<html>" }];
  const client = new ServiceClient({ url });
  await expect(client.submit(image, { task: "detect" })).rejects.toThrow(
    /Expected an answer of Facefleet but received 502/,
  );
  const nobody = new ServiceClient({ url: `http://127.0.0.1:${await freePort()}` });
  await expect(nobody.check()).rejects.toThrow(/Expected a Facefleet service at .* but nothing answered/);
});

it("lets one input fail without stopping the others, and keeps their order", async () => {
  answers = [accepted("succeeded"), problem("empty_image"), accepted("succeeded")];
  const fault = { kind: "fault", name: "gone", fault: "Expected a file" } as const;
  const ended: string[] = [];
  const submissions = await submitAll([image, fault, image, image], {
    client: new ServiceClient({ url }),
    request: { task: "detect" },
    concurrency: 1,
    onEnd: ({ input }) => void ended.push(input.name),
  });
  expect(submissions.map(({ job, error }) => job?.state ?? error?.message)).toEqual([
    "succeeded",
    "Expected a file",
    new ProblemError("empty_image").message,
    "succeeded",
  ]);
  expect(ended).toHaveLength(4);
});

it("reads Retry-After in seconds and as a date", () => {
  expect(retryAfterMs("3")).toBe(3000);
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfterMs("Thu, 01 Jan 2026 00:00:02 GMT", now)).toBe(2000);
  expect(retryAfterMs("Thu, 01 Jan 2025 00:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("999999")).toBe(300_000);
  expect(retryAfterMs("soon")).toBeUndefined();
  expect(retryAfterMs(null)).toBeUndefined();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request) body += chunk;
  requests.push({ line: `${request.method} ${request.url}`, body });
  const { status, headers, body: answered } = answers.shift() ?? { status: 500, body: "" };
  response.writeHead(status, headers).end(typeof answered === "string" ? answered : JSON.stringify(answered));
}

function accepted(state: Job["state"]): Answer {
  const job = { id: "j1", task: "detect", state, createdAt: "2026-01-01T00:00:00Z", attempts: 0 };
  return { status: 202, body: { ...job, links: { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" } } };
}

function problem(code: ConstructorParameters<typeof ProblemError>[0], headers = {}): Answer {
  const body = new ProblemError(code).toProblem();
  return { status: body.status, headers, body };
}
