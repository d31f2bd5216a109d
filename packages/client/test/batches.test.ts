import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FacefleetClient } from "../src/index.js";
import { batchAnswer, problemAnswer } from "./answers.js";
import { dropConnection, type ScriptedServer, startScriptedServer } from "./scripted-server.js";

let server: ScriptedServer;
let client: FacefleetClient;

beforeEach(async () => {
  server = await startScriptedServer();
  client = new FacefleetClient({ url: server.url, retryDelayMs: 5 });
});
afterEach(() => server.close());

const line = { index: 0, image: { s3: { bucket: "photos", key: "Zoë 👩‍🚀.jpg" } }, state: "succeeded" };

it("submits a batch and looks until it has ended, less and less often", async () => {
  server.answer(batchAnswer("queued"), batchAnswer("queued"), batchAnswer("active", 0.5), batchAnswer("finished", 1));
  const request = { task: "embed", prefix: { s3: { bucket: "photos", prefix: "2026/" } } } as const;
  const batch = await client.submitBatch(request);
  const seen: number[] = [];
  const start = Date.now();
  const ended = await client.waitForBatch(batch, { onProgress: ({ progress }) => void seen.push(progress) });
  expect(ended.state).toBe("finished");
  expect(seen).toEqual([0, 0.5, 1]);
  expect(Date.now() - start).toBeGreaterThanOrEqual(600);
  expect(JSON.parse(server.requests[0]!.body)).toEqual(request);
  expect(server.requests.map(({ line }) => line)).toEqual(["POST /v1/batches", ...Array(3).fill("GET /v1/batches/b1")]);
});

it("lists batches page by page", async () => {
  const page = (ids: string[], cursor?: string) => ({
    status: 200,
    body: { batches: ids.map((id) => ({ id })), cursor },
  });
  server.answer(page(["b3", "b2"], "next"), page(["b1"]));
  const ids = [];
  for await (const { id } of client.batches({ state: "finished", pageSize: 2 })) ids.push(id);
  expect(ids).toEqual(["b3", "b2", "b1"]);
  expect(server.requests.map(({ line }) => line)).toEqual([
    "GET /v1/batches?limit=2&state=finished",
    "GET /v1/batches?limit=2&state=finished&cursor=next",
  ]);
});

it("gives up on a batch after a time, and at an abort", async () => {
  server.answer(batchAnswer("active"), batchAnswer("active"));
  await expect(client.waitForBatch("b1", { timeoutMs: 100 })).rejects.toMatchObject({ code: "wait_timeout" });
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(new Error("enough")), 100);
  await expect(client.waitForBatch("b1", { signal: stopping.signal })).rejects.toThrow("enough");
});

it("hands over each line as it arrives, wherever the chunks are cut", async () => {
  const bytes = Buffer.from([0, 1, 2].map((index) => `${JSON.stringify({ ...line, index })}\n`).join(""));
  const taken: number[] = [];
  server.answer(async (_request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    const lineLength = bytes.indexOf("\n") + 1;
    response.write(bytes.subarray(0, lineLength + 1));
    // The rest is sent only once the first line has been taken.
    await expect.poll(() => taken).toEqual([0]);
    for (const byte of bytes.subarray(lineLength + 1))
      if (!response.write(Buffer.of(byte))) await once(response, "drain");
    response.end();
  });
  for await (const result of client.batchResults("b1")) {
    expect(result).toEqual({ ...line, index: taken.length });
    taken.push(result.index);
  }
  expect(taken).toEqual([0, 1, 2]);
  expect(server.requests[0]).toMatchObject({
    line: "GET /v1/batches/b1/results",
    headers: { accept: "application/x-ndjson" },
  });
});

it("hands results over as the bytes that they are", async () => {
  const text = `${JSON.stringify(line)}\n`;
  server.answer((_request, response) => response.end(text));
  expect(await new Response(await client.batchResultBytes("b1")).text()).toBe(text);
  expect(server.requests[0]).toMatchObject({ line: "GET /v1/batches/b1/results" });
});

it("holds no more of a long answer than is being read", async () => {
  const text = `${JSON.stringify({ ...line, padding: "x".repeat(10_000) })}\n`;
  let written = 0;
  const closed = new Promise<void>((resolve) => {
    server.answer((_request, response) => {
      const writeOn = () => {
        do written += text.length;
        while (response.write(text));
      };
      response.on("close", resolve).on("drain", writeOn);
      writeOn();
    });
  });
  const results = client.batchResults("b1");
  expect((await results.next()).value).toMatchObject({ index: 0 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const held = written;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(written).toBe(held);
  // Whoever stops early closes the connection.
  await results.return();
  await closed;
});

it("goes on longer than one request may take, once the lines have begun", async () => {
  server.answer((_request, response) => {
    response.write(`${JSON.stringify(line)}\n`);
    setTimeout(() => response.end(`${JSON.stringify({ ...line, index: 1 })}\n`), 300);
  });
  const patient = new FacefleetClient({ url: server.url, requestTimeoutMs: 100 });
  const indexes = [];
  for await (const { index } of patient.batchResults("b1")) indexes.push(index);
  expect(indexes).toEqual([0, 1]);
});

it("asks again before the lines begin, and says when they break off", async () => {
  server.answer(problemAnswer("store_unavailable", { "retry-after": "0" }), dropConnection, (_request, response) => {
    response.write(`${JSON.stringify(line)}\n{"index":`);
    setTimeout(() => response.destroy(), 50);
  });
  const results = client.batchResults("b1");
  expect((await results.next()).value).toEqual(line);
  await expect(results.next()).rejects.toMatchObject({ code: "unreachable", retryable: true });
  expect(server.requests).toHaveLength(3);
});

it("ends the stream at an abort with its reason", async () => {
  server.answer((_request, response) => response.write(`${JSON.stringify(line)}\n`));
  const stopping = new AbortController();
  const reason = new Error("enough");
  const results = client.batchResults("b1", { signal: stopping.signal });
  await results.next();
  setTimeout(() => stopping.abort(reason), 50);
  await expect(results.next()).rejects.toBe(reason);
});
