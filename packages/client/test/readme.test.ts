import { readFile } from "node:fs/promises";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, it } from "vitest";
import * as client from "../src/index.js";
import { batchAnswer, jobAnswer } from "./answers.js";
import { type ScriptedServer, startScriptedServer } from "./scripted-server.js";

/* The snippets of both READMEs are run as they stand, but for the service's address and what they import. */

let server: ScriptedServer;
let reported: unknown[][];

beforeEach(async () => {
  server = await startScriptedServer();
  reported = [];
});
afterEach(() => server.close());

const readmes = ["../README.md", "../../../README.md"].map((path) => new URL(path, import.meta.url));

/** The snippet that has a text in it, as a function. Returns the value of the expression `wanted`. */
async function run(text: string, wanted: string): Promise<unknown> {
  const texts = await Promise.all(readmes.map((readme) => readFile(readme, "utf8")));
  const snippets = [...texts.join("\n").matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);
  const code = snippets
    .find((snippet) => snippet.includes(text))!
    .replace(/http:\/\/(127\.0\.0\.1|localhost):3000/g, server.url);
  const imported = /^import \{ (.*) \} from "@facefleet\/client";\n/.exec(code);
  const names = imported![1]!.split(", ");
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  const snippet = new AsyncFunction(...names, "report", `${code.slice(imported![0].length)}\nreturn ${wanted};`);
  const report = (...values: unknown[]) => void reported.push(values);
  const exported = new Map<string, unknown>(Object.entries(client));
  return snippet(...names.map((name) => exported.get(name)), report);
}

const result = { faces: [{ confidence: 0.99 }], decision: "match" } as never;

it("submits and waits", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("succeeded", { result }));
  expect(await run('task: "embed", image', "faces")).toEqual([{ confidence: 0.99 }]);
  expect(server.requests[0]!.headers.authorization).toBe("Bearer ff_...");
  server.answer(jobAnswer("queued"), jobAnswer("succeeded", { result }));
  expect(await run("localhost:3000", "faces")).toEqual([{ confidence: 0.99 }]);
});

it("compares two images", async () => {
  server.answer(jobAnswer("queued"), jobAnswer("succeeded", { result }));
  expect(await run("client.verify(", "decision")).toBe("match");
  const [{ line, body }] = server.requests as [(typeof server.requests)[number]];
  expect(line).toBe("POST /v1/jobs");
  expect([...body.matchAll(/ name="(\w+)"/g)].map(([, name]) => name)).toEqual(["job", "image1", "image2"]);
});

it("watches a job", async () => {
  const events = [jobAnswer("active", { progress: { stage: "detect" } }), jobAnswer("succeeded")]
    .map(({ body }, index) => `id: ${index}\ndata: ${JSON.stringify(body)}\n\n`)
    .join("");
  server.answer({ status: 200, headers: { "content-type": "text/event-stream" }, body: events });
  await run("client.events(", "client");
  expect(reported).toEqual([
    ["active", "detect"],
    ["succeeded", undefined],
  ]);
});

it("compares embeddings", async () => {
  const faces = [{ embedding: [1, 0] }, { embedding: Buffer.from(new Float32Array([2, 0]).buffer).toString("base64") }];
  server.answer(jobAnswer("queued"), jobAnswer("succeeded", { result: { faces } as never }));
  expect(await run("compareEmbeddings(", "euclideanDistance")).toBe(0);
});

it("holds one against many", async () => {
  const matched = { matches: [], failed: [] } as never;
  server.answer(jobAnswer("queued"), jobAnswer("succeeded", { result: matched }));
  expect(await run("client.match(", "[matches, failed]")).toEqual([[], []]);
});

it("analyses an image in one call", async () => {
  server.answer({ status: 200, body: result });
  expect(await run("client.analyse(", "faces")).toEqual([{ confidence: 0.99 }]);
});

it("tries failed jobs again", async () => {
  server.answer({ status: 200, body: { jobs: [jobAnswer("failed").body] } }, jobAnswer("queued"));
  await run("client.jobs(", "client");
  expect(server.requests.map(({ line }) => line)).toEqual([
    "GET /v1/jobs?limit=100&state=failed",
    "POST /v1/jobs/j1/retry",
  ]);
});

it("runs a batch", async () => {
  const lines = [
    { index: 0, state: "succeeded", result },
    { index: 1, state: "failed", error: { code: "image_not_found" } },
  ];
  const ndjson = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  server.answer(batchAnswer("queued"), batchAnswer("finished", 1), { status: 200, body: ndjson });
  await run("submitBatch", "batch");
  expect(reported).toEqual([[1], [0, "succeeded", 1], [1, "failed", "image_not_found"]]);
});

it("receives a webhook, and refuses what is none", async () => {
  const receive = (await run("verifyWebhook", "receive")) as (request: Request) => Promise<Response>;
  const body = JSON.stringify({ type: "job.succeeded", data: { id: "j1" } });
  const now = new Date();
  const headers = {
    "webhook-id": "e1",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign("e1", now, body),
  };
  const request = { method: "POST", headers, body };
  expect((await receive(new Request(server.url, request))).status).toBe(204);
  expect((await receive(new Request(server.url, { ...request, body: `${body} ` }))).status).toBe(400);
  expect(reported).toEqual([["job.succeeded", "j1"]]);
});
