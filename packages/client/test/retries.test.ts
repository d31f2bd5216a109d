import { freePort } from "@facefleet/stack";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FacefleetClient, type FacefleetClientOptions, FacefleetError } from "../src/index.js";
import { batchAnswer, jobAnswer, problemAnswer } from "./answers.js";
import { dropConnection, type ScriptedServer, silence, startScriptedServer } from "./scripted-server.js";

let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(() => server.close());

const image = { s3: { bucket: "photos", key: "a.jpg" } };

function clientOf(options: Partial<FacefleetClientOptions> = {}): FacefleetClient {
  return new FacefleetClient({ url: server.url, retryDelayMs: 5, ...options });
}

function keys(): unknown[] {
  return server.requests.map(({ headers }) => headers["idempotency-key"]);
}

it("repeats a submission whose answer was lost under the same key", async () => {
  server.answer(dropConnection, dropConnection, jobAnswer("queued"));
  const job = await clientOf().submit({ task: "detect", image });
  expect(job).toMatchObject({ id: "j1", state: "queued" });
  expect(server.requests).toHaveLength(3);
  expect(new Set(keys()).size).toBe(1);
  expect(keys()[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(server.requests.map(({ body }) => body))).toEqual(
    new Set([JSON.stringify({ task: "detect", image })]),
  );
});

it("gives each submission a key of its own, unless it has one", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("queued"), jobAnswer("queued"), batchAnswer("queued"));
  const client = clientOf();
  await client.submit({ task: "detect", image });
  await client.submit({ task: "detect", image });
  await client.submit({ task: "detect", image }, { idempotencyKey: "mine" });
  await client.submitBatch({ task: "embed", items: [image] }, { idempotencyKey: "mine too" });
  expect(keys()[0]).not.toBe(keys()[1]);
  expect(keys().slice(2)).toEqual(["mine", "mine too"]);
});

it("sends the bytes of an image again too", async () => {
  server.answer(dropConnection, problemAnswer("queue_unavailable"), jobAnswer("queued"));
  await clientOf().submit({ task: "embed", image: new Blob(["the bytes of an image"], { type: "image/png" }) });
  expect(server.requests).toHaveLength(3);
  for (const { body } of server.requests) expect(body).toContain("the bytes of an image");
  expect(new Set(keys()).size).toBe(1);
});

it("repeats a batch whose answer was lost, or that was cut off, under the same key", async () => {
  server.answer(
    dropConnection,
    (_request, response) => {
      response.writeHead(202, { "content-length": "1000" }).write('{"id":"b1"');
      setTimeout(() => response.destroy(), 20);
    },
    batchAnswer("queued"),
  );
  expect(await clientOf().submitBatch({ task: "embed", items: [image] })).toMatchObject({ id: "b1" });
  expect(new Set(keys()).size).toBe(1);
});

it.each(["too_many_jobs", "rate_limited", "queue_unavailable"] as const)(
  "comes back after %s, not before Retry-After",
  async (code) => {
    server.answer(problemAnswer(code, { "retry-after": "1" }), jobAnswer("queued"));
    const start = Date.now();
    await clientOf().submit({ task: "detect", image });
    expect(Date.now() - start).toBeGreaterThanOrEqual(990);
    expect(server.requests).toHaveLength(2);
  },
);

it("comes back after what a proxy says while the service is away", async () => {
  const html = { status: 502, headers: { "content-type": "text/html" }, body: "<html>" };
  server.answer(
    html,
    { ...html, status: 503 },
    { ...html, status: 504 },
    problemAnswer("internal_error"),
    jobAnswer("queued"),
  );
  await clientOf().submit({ task: "detect", image });
  expect(server.requests).toHaveLength(5);
});

it("gives up after a bounded number of retries, with the service's own problem", async () => {
  server.answer(...Array.from({ length: 5 }, () => problemAnswer("store_unavailable", { "retry-after": "0" })));
  const error = await failureOf(clientOf({ maxRetries: 2 }).submit({ task: "detect", image }));
  expect(error).toMatchObject({ code: "store_unavailable", status: 503, retryable: true, retryAfterMs: 0 });
  expect(server.requests).toHaveLength(3);
});

it.each(["invalid_request", "unauthorized", "job_not_found", "idempotency_conflict", "image_too_large"] as const)(
  "does not repeat what %s answers",
  async (code) => {
    server.answer(problemAnswer(code));
    const error = await failureOf(clientOf().submit({ task: "detect", image }));
    expect(error).toMatchObject({ code, retryable: false, problem: { code } });
    expect(server.requests).toHaveLength(1);
  },
);

it("sends what would do something twice only once, unless it was refused", async () => {
  const client = clientOf();
  for (const send of [() => client.retry("j1"), () => client.resendWebhook("j1")]) {
    const before = server.requests.length;
    server.answer(dropConnection);
    expect((await failureOf(send())).code).toBe("unreachable");
    server.answer(problemAnswer("internal_error"));
    expect((await failureOf(send())).code).toBe("internal_error");
    expect(server.requests).toHaveLength(before + 2);
    server.answer(problemAnswer("queue_unavailable", { "retry-after": "0" }), jobAnswer("queued"));
    await send();
    expect(server.requests).toHaveLength(before + 4);
  }
});

it("repeats a cancellation: it is the same twice", async () => {
  server.answer(dropConnection, { status: 204 }, dropConnection, { status: 204 });
  await clientOf().cancel("j1");
  await clientOf().cancelBatch("b1");
  expect(server.requests.map(({ line }) => line)).toEqual([
    "DELETE /v1/jobs/j1",
    "DELETE /v1/jobs/j1",
    "DELETE /v1/batches/b1",
    "DELETE /v1/batches/b1",
  ]);
});

it("gives up on an answer that does not come, and asks again", async () => {
  server.answer(silence, jobAnswer("active"), silence);
  const client = clientOf({ requestTimeoutMs: 100, maxRetries: 1 });
  expect((await client.job("j1")).state).toBe("active");
  const error = await failureOf(clientOf({ requestTimeoutMs: 100, maxRetries: 0 }).job("j1"));
  expect(error).toMatchObject({ code: "request_timeout", retryable: true, status: undefined });
});

it("passes on a problem that it does not know", async () => {
  const body = {
    type: "/docs/errors#brand_new",
    title: "New",
    status: 409,
    code: "brand_new",
    retryable: false,
    detail: "Only now",
    hint: 1,
  };
  server.answer({ status: 409, body }, { status: 400, body: { code: "bare" } });
  expect(await failureOf(clientOf().job("j1"))).toMatchObject({
    code: "brand_new",
    status: 409,
    retryable: false,
    message: "Only now",
    problem: { hint: 1 },
  });
  expect(await failureOf(clientOf().job("j1"))).toMatchObject({ code: "bare", status: 400, message: "bare" });
});

it("says so when somebody else answers, or nobody", async () => {
  server.answer(
    { status: 404, body: "<html>" },
    { status: 200, body: "<html>" },
    { status: 301, headers: { location: "/" } },
  );
  const client = clientOf();
  const stranger = { code: "unexpected_answer", retryable: false };
  expect(await failureOf(client.job("j1"))).toMatchObject({
    ...stranger,
    status: 404,
    message: expect.stringMatching(/received 404 Not Found/),
  });
  expect(await failureOf(client.job("j1"))).toMatchObject({ ...stranger, status: 200 });
  expect(await failureOf(client.submit({ task: "detect", image }))).toMatchObject({ ...stranger, status: 301 });
  const nobody = new FacefleetClient({ url: `http://127.0.0.1:${await freePort()}`, maxRetries: 1, retryDelayMs: 1 });
  const error = await failureOf(nobody.models());
  expect(error).toMatchObject({ code: "unreachable", retryable: true, cause: expect.any(Error) });
});

async function failureOf(call: Promise<unknown>): Promise<FacefleetError> {
  const error = await call.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(FacefleetError);
  return error;
}
