import { readFile } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { FacefleetClient } from "../src/index.js";
import { batchAnswer, jobAnswer } from "./answers.js";
import { type Answer, startScriptedServer } from "./scripted-server.js";

/** What a client has no need of: what monitors ask, and the simple endpoints, which do less than `analyse` and `verify`. */
const forOthers = [
  "get /health",
  "get /livez",
  "get /metrics",
  "get /readyz",
  "post /compare-faces",
  "post /detect-face",
  "post /extract-embedding",
];

const image = new Blob(["the bytes of an image"]);
const upload = { id: "0".repeat(32), url: "", method: "PUT", headers: {} };
const ok = (body: object): Answer => ({ status: 200, body });

/** A call of each operation, and its answer. */
const calls: readonly (readonly [Answer, (client: FacefleetClient) => unknown])[] = [
  [ok({ faces: [] }), (client) => client.analyse(image)],
  [jobAnswer("queued"), (client) => client.submit({ task: "detect", image })],
  [jobAnswer("succeeded"), (client) => client.job("j1")],
  [ok({ jobs: [] }), (client) => client.jobs().next()],
  [{ status: 204 }, (client) => client.cancel("j1")],
  [jobAnswer("queued"), (client) => client.retry("j1")],
  [
    { status: 200, body: `id: 1\nevent: job\ndata: ${JSON.stringify(jobAnswer("succeeded").body)}\n\n` },
    (client) => client.events("j1").next(),
  ],
  [batchAnswer("queued"), (client) => client.submitBatch({ task: "detect", items: [{ upload: upload.id }] })],
  [batchAnswer("finished"), (client) => client.batch("b1")],
  [ok({ batches: [] }), (client) => client.batches().next()],
  [{ status: 200 }, (client) => client.batchResults("b1").next()],
  [batchAnswer("active"), (client) => client.retryBatch("b1")],
  [{ status: 204 }, (client) => client.cancelBatch("b1")],
  [ok({ state: "delivered", attempts: [] }), (client) => client.webhookAttempts("j1")],
  [ok({ state: "pending", attempts: [] }), (client) => client.resendWebhook("j1")],
  [ok({ state: "delivered", attempts: [] }), (client) => client.webhookAttempts("b1")],
  [ok({ state: "pending", attempts: [] }), (client) => client.resendWebhook("b1")],
  [ok({ secret: "" }), (client) => client.webhookSecret()],
  [ok({ secret: "" }), (client) => client.rotateWebhookSecret()],
  [ok({ workers: [] }), (client) => client.models()],
  [ok({ workers: [] }), (client) => client.fleet()],
];

it("has a method for every operation that the service describes", async () => {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const client = new FacefleetClient({ url: server.url, maxRetries: 0 });
  for (const [answer, call] of calls) {
    server.answer(answer);
    await call(client);
  }
  // The bytes of an upload go where the answer says.
  server.answer(ok({ ...upload, url: `${server.url}/elsewhere` }), { status: 204 });
  await client.upload(image, "image/png");
  const asked = server.requests.map(({ line }) => {
    const [method = "", url = ""] = line.split(" ");
    return `${method.toLowerCase()} ${url.replace(/\?.*/, "").replace(/\/[jb]1\b/, "/{id}")}`;
  });
  const { paths } = JSON.parse(await readFile(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
  const operations = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect([...new Set(asked), ...forOthers].sort()).toEqual([...operations, "put /elsewhere"].sort());
});
