import { afterEach, beforeEach, expect, it } from "vitest";
import { FacefleetClient, resultOf } from "../src/index.js";
import { jobAnswer, problemAnswer } from "./answers.js";
import { type Answer, dropConnection, type ScriptedServer, silence, startScriptedServer } from "./scripted-server.js";

let server: ScriptedServer;
let client: FacefleetClient;

beforeEach(async () => {
  server = await startScriptedServer();
  client = new FacefleetClient({ url: server.url, retryDelayMs: 5 });
});
afterEach(() => server.close());

function lines(): string[] {
  return server.requests.map(({ line }) => line);
}

it("sends an image with its job and waits until the job has ended", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("active"), jobAnswer("succeeded"));
  const image = new File(["the bytes of an image"], "who-it-is.png", { type: "image/png" });
  const job = await client.wait(await client.submit({ task: "detect", image, options: { maxFaces: 3 } }));
  expect(job.state).toBe("succeeded");
  expect(lines()).toEqual(["POST /v1/jobs", "GET /v1/jobs/j1?wait=20", "GET /v1/jobs/j1?wait=20"]);
  const { body } = server.requests[0]!;
  expect(body).toContain('{"task":"detect","options":{"maxFaces":3}}');
  expect(body).toContain('name="image"; filename="image"\r\nContent-Type: image/png');
  expect(body).toContain("the bytes of an image");
  expect(body).not.toContain("who-it-is");
});

it("takes the bytes of an image in any form", async () => {
  const bytes = new TextEncoder().encode("<the bytes of an image>").subarray(1, -1);
  for (const image of [bytes, Buffer.from(bytes), bytes.slice().buffer]) {
    server.answer(jobAnswer("queued"));
    await client.submit({ task: "embed", image });
    expect(server.requests.at(-1)!.body).toMatch(/\r\n\r\nthe bytes of an image\r\n/);
  }
});

it("sends names of images as JSON", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("queued"));
  const image = { url: "https://example.com/a.jpg" };
  await client.submit({ task: "detect", image, metadata: { album: "1" } });
  await client.submit({ task: "verify", images: [image, image] });
  expect(server.requests.map(({ headers }) => headers["content-type"])).toEqual([
    "application/json",
    "application/json",
  ]);
  expect(server.requests.map(({ body }) => JSON.parse(body))).toEqual([
    { task: "detect", image, metadata: { album: "1" } },
    { task: "verify", images: [image, image] },
  ]);
});

it("shows its key, where it has one", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("queued"));
  await client.job("j1");
  await new FacefleetClient({ url: `${server.url}/`, apiKey: "the-key" }).job("j1");
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, "Bearer the-key"]);
});

it("hands an image over without showing its key to the store", async () => {
  const url = `${server.url}/bucket/place?signature=1`;
  const headers = { "content-type": "image/png", "content-length": "3" };
  const place = { id: "0".repeat(32), url, method: "PUT", headers, expiresAt: "2026-01-01T00:00:00Z" };
  server.answer({ status: 201, body: place }, dropConnection, { status: 200 });
  const keyed = new FacefleetClient({ url: server.url, apiKey: "the-key", retryDelayMs: 5 });
  expect(await keyed.upload(new Blob(["abc"]), "image/png")).toEqual({ upload: place.id });
  const [ask, , put] = server.requests;
  expect(JSON.parse(ask!.body)).toEqual({ contentType: "image/png", size: 3 });
  expect(put).toMatchObject({ line: "PUT /bucket/place?signature=1", body: "abc", headers });
  expect(put!.headers).not.toHaveProperty("authorization");
});

it("returns at once for a job that has ended, and waits for one by its id", async () => {
  const ended = jobAnswer("failed").body;
  expect(await client.wait(ended)).toBe(ended);
  expect(lines()).toEqual([]);
  server.answer(dropConnection, jobAnswer("canceled"));
  expect((await client.wait("j/1")).state).toBe("canceled");
  expect(lines()[1]).toBe("GET /v1/jobs/j%2F1?wait=20");
});

it("does not ask without a break when a wait is over at once", async () => {
  server.answer(...Array.from({ length: 3 }, () => jobAnswer("queued")), jobAnswer("succeeded"));
  const start = Date.now();
  await client.wait("j1");
  expect(lines()).toHaveLength(4);
  expect(Date.now() - start).toBeGreaterThan(1000);
});

it("stops waiting when the time is over; the job goes on", async () => {
  server.answer(silence);
  await expect(client.wait("j1", { timeoutMs: 100 })).rejects.toMatchObject({ code: "wait_timeout", retryable: true });
  expect(lines()).toHaveLength(1);
});

it("stops waiting for a service that is away when the time is over", async () => {
  server.answer(problemAnswer("queue_unavailable", { "retry-after": "60" }));
  await expect(client.wait("j1", { timeoutMs: 200 })).rejects.toMatchObject({ code: "wait_timeout" });
});

it("throws the reason of an abort: before, during a request, and between two", async () => {
  const reason = new Error("enough");
  const image = new Uint8Array(3);
  await expect(client.submit({ task: "detect", image }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(lines()).toEqual([]);
  for (const answer of [silence, problemAnswer("rate_limited", { "retry-after": "60" })]) {
    server.answer(answer);
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(reason), 100);
    await expect(client.wait("j1", { signal: stopping.signal, timeoutMs: 10_000 })).rejects.toBe(reason);
  }
  expect(lines()).toHaveLength(2);
});

it("lists jobs page by page, an empty one on the way, and only those that are wanted", async () => {
  const page = (ids: string[], cursor?: string) => ({
    status: 200,
    body: { jobs: ids.map((id) => jobAnswer("failed", { id }).body), ...(cursor && { cursor }) },
  });
  server.answer(page(["j1", "j2"], "a&b"), page([], "c"), page(["j3"]));
  const ids = [];
  for await (const { id } of client.jobs({ state: "failed", pageSize: 2 })) ids.push(id);
  expect(ids).toEqual(["j1", "j2", "j3"]);
  expect(lines()).toEqual([
    "GET /v1/jobs?limit=2&state=failed",
    "GET /v1/jobs?limit=2&state=failed&cursor=a%26b",
    "GET /v1/jobs?limit=2&state=failed&cursor=c",
  ]);
  server.answer(page(["j1", "j2"], "more"));
  for await (const _ of client.jobs()) break;
  expect(lines()).toHaveLength(4);
});

it("looks up and repeats announcements", async () => {
  server.answer(
    { status: 200, body: { state: "failed", attempts: [] } },
    { status: 202, body: { state: "pending", attempts: [] } },
  );
  expect(await client.webhookAttempts("j1")).toMatchObject({ state: "failed" });
  expect(await client.resendWebhook("j1")).toMatchObject({ state: "pending" });
  expect(lines()).toEqual(["GET /v1/jobs/j1/webhook-attempts", "POST /v1/jobs/j1/webhook-attempts"]);
});

it("throws what a job failed with when its result is asked for", async () => {
  server.answer(jobAnswer("failed", { error: problemAnswer("image_undecodable").body }));
  const job = await client.wait("j1");
  expect(() => resultOf(job)).toThrow(expect.objectContaining({ code: "image_undecodable", status: 422 }));
});

it("watches a job over lost connections, and tells no state twice", async () => {
  const event = (id: string, state: "queued" | "active" | "succeeded") =>
    `id: ${id}\nevent: job\ndata: ${JSON.stringify(jobAnswer(state).body)}\n\n`;
  const stream =
    (text: string, end: "end" | "destroy"): Answer =>
    (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(text, () => response[end]());
    };
  server.answer(
    stream(event("0-queued", "queued"), "destroy"),
    stream(event("0-queued", "queued") + event("1-active", "active"), "end"),
    stream(event("1-active", "active") + event("1-succeeded", "succeeded"), "end"),
    jobAnswer("succeeded", { result: { faces: [] } as never }),
  );
  const seen: string[] = [];
  const job = await client.wait("j1", { onProgress: ({ state }) => void seen.push(state) });
  expect(seen).toEqual(["queued", "active", "succeeded"]);
  expect(resultOf(job)).toEqual({ faces: [] });
  expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([
    undefined,
    "0-queued",
    "1-active",
    undefined,
  ]);
});

it("stops watching a job when nobody answers any more", async () => {
  const dropped = Array.from({ length: 6 }, () => dropConnection);
  server.answer(...dropped);
  await expect(client.wait("j1", { onProgress: () => undefined })).rejects.toMatchObject({ code: "unreachable" });
});

it("compares two images in one call, and throws what the job failed with", async () => {
  const result = { match: true, euclideanDistance: 0.4 } as never;
  server.answer(jobAnswer("queued"), jobAnswer("succeeded", { result }));
  const [passport, selfie] = [new Blob(["passport"]), new Blob(["selfie"])];
  expect(await client.verify(passport, selfie, { options: { maxFaces: 3 } })).toEqual(result);
  expect(lines()).toEqual(["POST /v1/jobs", "GET /v1/jobs/j1?wait=20"]);
  expect(server.requests[0]!.body).toContain('{"task":"verify","options":{"maxFaces":3}}');
  const error = problemAnswer("no_face_detected").body;
  server.answer(jobAnswer("queued"), jobAnswer("failed", { error }));
  await expect(client.verify(passport, selfie)).rejects.toMatchObject({ code: "no_face_detected" });
});

it("sends what a match compares as JSON, bytes as base64", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("queued"));
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const data = Buffer.from(bytes).toString("base64");
  const url = { url: "https://example.com/a.jpg" };
  const known = { embedding: "AACAPw==", fingerprint: "0123abcd" };
  await client.submit({ task: "match", probe: bytes, gallery: [url, new Blob([bytes]), known] });
  await client.submit({ task: "verify", images: [url, bytes] });
  expect(server.requests.map(({ body }) => JSON.parse(body))).toEqual([
    { task: "match", probe: { data }, gallery: [url, { data }, known] },
    { task: "verify", images: [url, { data }] },
  ]);
});

it("analyses an image in one request", async () => {
  const body = { faces: [] };
  server.answer({ status: 200, body }, { status: 200, body });
  expect(await client.analyse(new Blob(["the bytes"]), { task: "embed", options: { maxFaces: 1 } })).toEqual(body);
  expect(await client.analyse({ url: "https://example.com/a.jpg" })).toEqual(body);
  expect(lines()).toEqual(["POST /v1/analyse", "POST /v1/analyse"]);
  expect(server.requests[0]!.body).toContain('{"task":"embed","options":{"maxFaces":1}}');
  expect(JSON.parse(server.requests[1]!.body)).toEqual({ image: { url: "https://example.com/a.jpg" } });
});

it("waits for the job of an analysis that takes longer than its request", async () => {
  const result = { faces: [] } as never;
  const late = problemAnswer("sync_timeout");
  const job = "https://faces.example.com/below/v1/jobs/j1";
  server.answer({ ...late, body: { ...late.body, job } }, jobAnswer("active"), jobAnswer("succeeded", { result }));
  expect(await client.analyse({ url: "https://example.com/a.jpg" })).toEqual(result);
  expect(lines()).toEqual(["POST /v1/analyse", "GET /v1/jobs/j1?wait=20", "GET /v1/jobs/j1?wait=20"]);
});
