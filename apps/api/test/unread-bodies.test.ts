import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Upload } from "@facefleet/contracts";
import Fastify from "fastify";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { noNginx, ProxyProcess } from "../../../tests/support/proxy-process.js";
import { skipped } from "../../../tests/support/test-data.js";
import { takeRestOfBodies } from "../src/wire/unread-bodies.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { form, imagePart } from "./form.js";

const MiB = 1_048_576;
/** More than the buffers of a connection take. */
const large = 24 * MiB;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const json = { "content-type": "application/json" };
const largeForm = form("/detect-face", [imagePart(Buffer.alloc(large))]);
const sent = {
  json: { method: "POST", path: "/v1/jobs", headers: json, body: Buffer.alloc(large, " ") },
  batch: { method: "POST", path: "/v1/batches", headers: json, body: Buffer.alloc(large, " ") },
  form: {
    method: "POST",
    path: "/detect-face",
    headers: { "content-type": String(largeForm.headers?.["content-type"]) },
    body: largeForm.payload as Buffer,
  },
  nowhere: { method: "POST", path: "/v2/jobs", headers: json, body: Buffer.alloc(large, " ") },
  packed: {
    method: "POST",
    path: "/v1/jobs",
    headers: { ...json, "content-encoding": "gzip" },
    body: Buffer.alloc(large),
  },
} satisfies Record<string, Sent>;

let api: ApiRig;
let origin: string;
beforeAll(async () => {
  api = await startApi({ MAX_IMAGE_BYTES: String(2 * MiB) });
  origin = await api.app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => api.close());

/** A place for an upload, which more is sent to than it is for. */
async function upload(): Promise<Sent> {
  const asked = { method: "POST", headers: json, body: JSON.stringify({ contentType: "image/png", size: 1000 }) };
  const { url, headers } = (await (await fetch(`${origin}/v1/uploads`, asked)).json()) as Upload;
  const { pathname, search } = new URL(url);
  return { method: "PUT", path: pathname + search, headers, body: randomBytes(large) };
}

/** Writes all of a request before it reads anything of the answer. */
async function sendBlindly(to: string, { method, path, headers, body }: Sent, how: "whole" | "chunked", more = {}) {
  const { hostname, port } = new URL(to);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.pause();
  const length = how === "whole" ? { "content-length": body.length } : { "transfer-encoding": "chunked" };
  const all = Object.entries({ host: "localhost", ...headers, ...length, ...more });
  await write(socket, `${method} ${path} HTTP/1.1\r\n${all.map((line) => line.join(": ")).join("\r\n")}\r\n\r\n`);
  if (how === "chunked") await write(socket, `${body.length.toString(16)}\r\n`);
  await write(socket, body);
  if (how === "chunked") await write(socket, "\r\n0\r\n\r\n");
  return socket;
}

function* endless() {
  for (const chunk = Buffer.alloc(65_536); ; ) yield chunk;
}

function write(socket: Socket, bytes: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

describe.each(["whole", "chunked"] as const)("a sender that does not read while it writes, its body %s,", (how) => {
  it.each([
    ["JSON", async () => sent.json, 413, "body_too_large"],
    ["a batch", async () => sent.batch, 413, "body_too_large"],
    ["an image in a form", async () => sent.form, 413, "image_too_large"],
    ["an upload", upload, how === "whole" ? 403 : 413, how === "whole" ? "upload_url_invalid" : "image_too_large"],
    ["a body for nothing", async () => sent.nowhere, 413, "body_too_large"],
    ["a packed body", async () => sent.packed, 415, "unsupported_content_encoding"],
  ] as const)("gets its answer to %s that is too much", async (_, request, status, code) => {
    const socket = await sendBlindly(origin, await request(), how, { connection: "close" });
    const answer = await text(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toMatchObject({ status, code });
  });
});

it("a connection is used again after it", async () => {
  const socket = await sendBlindly(origin, sent.packed, "whole");
  await write(socket, "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  expect(await text(socket)).toMatch(/^HTTP\/1.1 415 .*HTTP\/1.1 200 /s);
});

describe("of a body that goes on and on", () => {
  it.each([
    ["so many bytes", { bytes: MiB, ms: 60_000 }],
    ["so long", { bytes: Number.MAX_SAFE_INTEGER, ms: 300 }],
  ])("no more is taken than for %s", async (_, bounds) => {
    const app = Fastify();
    takeRestOfBodies(app, bounds);
    app.post("/", { bodyLimit: 1 }, async () => "");
    const server = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
    onTestFinished(() => app.close());
    const socket = connect(Number(server.port), server.hostname);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.write(
      `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: ${2 ** 50}\r\n\r\n`,
    );
    await expect(pipeline(endless, socket)).rejects.toThrow();
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe.skipIf(skipped("an over-large body through nginx", noNginx))("through nginx", () => {
  it.each([
    ["as it is set up by itself", ""],
    ["that keeps its connections", 'proxy_http_version 1.1; proxy_set_header Connection "";'],
    ["that passes bodies on as they come", "proxy_http_version 1.1; proxy_request_buffering off;"],
  ])("%s, whoever sends too much is told so", async (_, settings) => {
    const nginx = await ProxyProcess.nginx(origin, settings);
    onTestFinished(() => nginx.stop());
    for (const [{ method, path, headers, body }, code] of [
      [sent.json, "body_too_large"],
      [sent.form, "image_too_large"],
      [sent.packed, "unsupported_content_encoding"],
    ] as const) {
      const answer = await fetch(nginx.url + path, { method, headers, body: Uint8Array.from(body) });
      expect(await answer.json()).toMatchObject({ status: answer.status, code });
    }
  });
});
