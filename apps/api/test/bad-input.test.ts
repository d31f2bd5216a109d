import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import type { Problem } from "@facefleet/contracts";
import type { InjectOptions } from "fastify";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { form, imagePart, jobPart } from "./form.js";

const json = (url: string, payload: string | Buffer): InjectOptions => ({
  method: "POST",
  url,
  headers: { "content-type": "application/json" },
  payload,
});
const named = 'form-data; name="image"; filename="a.png"';
const job = (body: object): InjectOptions => ({ method: "POST", url: "/v1/jobs", payload: body });
const s3 = { s3: { bucket: "photos", key: "a.jpg" } };
const latin1 = Buffer.from(
  '{"task":"detect","image":{"url":"https://a.example/"},"metadata":{"a":"\u00fc"}}',
  "latin1",
);
const upload = { upload: "0".repeat(32) };

describe("a Content-Type without a body", () => {
  let api: ApiRig;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it.each([
    ["DELETE", ""],
    ["POST", "/retry"],
    ["GET", ""],
  ] as const)("says nothing where none is expected: %s", async (method, path) => {
    const { id } = (await api.inject(job({ task: "detect", image: s3 }))).json<{ id: string }>();
    const headers = { "content-type": "application/json" };
    const answer = await api.inject({ method, url: `/v1/jobs/${id}${path}`, headers });
    expect(answer.statusCode).toBe({ DELETE: 204, POST: 409, GET: 200 }[method]);
  });
});

it("takes a body whose Content-Encoding says that it is as it is, and lets one of no body be", async () => {
  const api = await startApi();
  const plain = { ...job({ task: "detect", image: s3 }), headers: { "content-encoding": "identity" } };
  expect((await api.inject(plain)).statusCode).toBe(202);
  expect((await api.inject({ url: "/livez", headers: { "content-encoding": "gzip" } })).statusCode).toBe(200);
  await api.close();
});

describe("bad input", () => {
  let api: ApiRig;
  beforeAll(async () => {
    api = await startApi({ MAX_IMAGE_BYTES: "10000" });
  });
  afterAll(() => api.close());
  afterEach(async () => {
    expect(await api.storedUploads()).toEqual([]);
    expect(await api.registeredUploads()).toEqual([]);
    expect(await api.jobs.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    expect((await api.inject({ url: "/livez" })).statusCode).toBe(200);
  });

  it.each<[string, InjectOptions, number, Problem["code"], string]>([
    ["no body", { method: "POST", url: "/detect-face" }, 415, "unsupported_media_type", "received none"],
    ["no body for a job", { method: "POST", url: "/v1/jobs" }, 415, "unsupported_media_type", "received none"],
    ["an empty JSON body", json("/v1/jobs", ""), 400, "malformed_json", "received nothing"],
    ["an empty form", form("/detect-face", []), 400, "missing_image", "received none"],
    ["JSON without an image", json("/extract-embedding", "{}"), 400, "invalid_request", "/image"],
    [
      "text",
      { ...json("/v1/jobs", "x"), headers: { "content-type": "text/plain" } },
      415,
      "unsupported_media_type",
      "Expected application/json or multipart/form-data but received text/plain",
    ],
    [
      "the file under another name",
      form("/detect-face", [{ ...imagePart(), name: "photo" }]),
      400,
      "missing_image",
      'file "photo"',
    ],
    [
      "an image that is no file",
      form("/detect-face", [{ name: "image", body: "a.jpg" }]),
      400,
      "missing_image",
      'field "image"',
    ],
    ["an empty image", form("/detect-face", [imagePart("")]), 400, "empty_image", "0 bytes"],
    [
      "an empty image with a job",
      form("/v1/jobs", [imagePart(""), jobPart({ task: "detect" })]),
      400,
      "empty_image",
      "0 bytes",
    ],
    ["two images", form("/detect-face", [imagePart(), imagePart()]), 400, "invalid_request", "second"],
    [
      "an unknown part",
      form("/detect-face", [imagePart(), { name: "x", body: "1" }]),
      400,
      "invalid_request",
      'field "x"',
    ],
    [
      "a job part where none belongs",
      form("/detect-face", [imagePart(), jobPart({})]),
      400,
      "invalid_request",
      'field "job"',
    ],
    [
      "an image that is too large",
      form("/detect-face", [imagePart(Buffer.alloc(10_001))]),
      413,
      "image_too_large",
      "10000",
    ],
    ["a part without a name", rawForm("form-data"), 400, "missing_image", "a part without a name"],
    ["a file without a name", rawForm('form-data; filename="a.png"'), 400, "missing_image", "a part without a name"],
    ["a boundary of 253 characters", rawForm(named, 253), 400, "invalid_request", "broken"],
    ["a boundary of 254 characters", rawForm(named, 254), 400, "invalid_request", "broken"],
    ["a boundary of 5000 characters", rawForm(named, 5000), 400, "invalid_request", "broken"],
    ["no job part", form("/v1/jobs", [imagePart()]), 400, "invalid_request", "part job"],
    ["two job parts", form("/v1/jobs", [jobPart({}), jobPart({})]), 400, "invalid_request", "second"],
    [
      "a malformed job part",
      form("/v1/jobs", [imagePart(), { name: "job", body: "{" }]),
      400,
      "malformed_json",
      "part",
    ],
    [
      "a malformed JSON job part",
      form("/v1/jobs", [imagePart(), { name: "job", body: "{", type: "application/json" }]),
      400,
      "malformed_json",
      "part",
    ],
    [
      "an image reference beside the image",
      form("/v1/jobs", [imagePart(), jobPart({ task: "embed", image: s3 })]),
      400,
      "invalid_request",
      '"image"',
    ],
    [
      "verify with one image",
      form("/v1/jobs", [imagePart(), jobPart({ task: "verify" })]),
      400,
      "missing_image",
      "image1 and image2 for the task verify",
    ],
    ["malformed JSON", json("/v1/jobs", '{"task":'), 400, "malformed_json", "JSON"],
    ["malformed JSON to compare", json("/compare-faces", "[1,"), 400, "malformed_json", "JSON"],
    ["a poisoned prototype", json("/v1/jobs", '{"__proto__":{"a":1}}'), 400, "malformed_json", "JSON"],
    [
      "a poisoned constructor",
      json("/v1/jobs", '{"constructor":{"prototype":{"a":1}}}'),
      400,
      "malformed_json",
      "JSON",
    ],
    ["JSON in Latin-1", json("/v1/jobs", latin1), 400, "malformed_json", "UTF-8 for the body"],
    [
      "a job part in Latin-1",
      form("/v1/jobs", [imagePart(), { name: "job", body: latin1, type: "application/json" }]),
      400,
      "malformed_json",
      "UTF-8 for the part job",
    ],
    [
      "a job part that is too large",
      form("/v1/jobs", [imagePart(), { name: "job", body: `"${"x".repeat(1_048_577)}"` }]),
      413,
      "body_too_large",
      "1 MiB",
    ],
    [
      "a job part of very many names",
      form("/v1/jobs", [
        imagePart(),
        { name: "job", body: `{${'"a":1,'.repeat(20_000)}"b":2}`, type: "application/json" },
      ]),
      400,
      "invalid_request",
      "names",
    ],
    [
      "packed JSON",
      {
        ...json("/v1/jobs", gzipSync("{}")),
        headers: { "content-type": "application/json", "content-encoding": "gzip" },
      },
      415,
      "unsupported_content_encoding",
      '"gzip"',
    ],
    [
      "a packed form",
      form("/detect-face", [imagePart()], { "content-encoding": "BR" }),
      415,
      "unsupported_content_encoding",
      '"BR"',
    ],
    [
      "a packed upload",
      {
        method: "PUT",
        url: `/v1/uploads/${"0".repeat(32)}`,
        headers: { "content-type": "image/png", "content-encoding": "gzip" },
        payload: gzipSync("x"),
      },
      415,
      "unsupported_content_encoding",
      '"gzip"',
    ],
    ["JSON that is too large", json("/v1/jobs", `"${"x".repeat(1_048_577)}"`), 413, "body_too_large", "1048576 bytes"],
    ["no object", json("/v1/jobs", "null"), 400, "invalid_request", "received nothing"],
    ["no object to find faces in", json("/detect-face", "null"), 400, "invalid_request", "received nothing"],
    ["no object to compare", json("/compare-faces", "null"), 400, "invalid_request", "received nothing"],
    ["a list", json("/compare-faces", "[]"), 400, "invalid_request", "a list of 0 items"],
    ["no task", job({ image: s3 }), 400, "invalid_request", "/task"],
    ["an unknown task", job({ task: "find", image: s3 }), 400, "invalid_request", '"find"'],
    ["an unknown field", job({ task: "detect", image: s3, colour: 1 }), 400, "invalid_request", '"colour"'],
    [
      "an unknown option",
      job({ task: "detect", image: s3, options: { masks: true } }),
      400,
      "invalid_request",
      '"masks"',
    ],
    [
      "a kind of embedding that is only for measurements",
      job({ task: "embed", image: s3, options: { embedding: "aligned" } }),
      400,
      "invalid_request",
      'one of "standard", "high" for /options/embedding but received "aligned"',
    ],
    [
      "an option out of range",
      job({ task: "detect", image: s3, options: { maxFaces: 0 } }),
      400,
      "invalid_request",
      "from 1 to 1000 for /options/maxFaces but received 0",
    ],
    [
      "a number as a string",
      job({ task: "detect", image: s3, options: { maxFaces: "5" } }),
      400,
      "invalid_request",
      'received "5"',
    ],
    ["no image", job({ task: "embed" }), 400, "invalid_request", "/image"],
    ["images for one", job({ task: "detect", images: [s3, s3] }), 400, "invalid_request", "/image"],
    ["one image to verify", job({ task: "verify", images: [s3] }), 400, "invalid_request", "a list of 2 items"],
    [
      "a bad bucket name",
      job({ task: "detect", image: { s3: { bucket: "A", key: "k" } } }),
      400,
      "invalid_request",
      "/image/s3/bucket",
    ],
    [
      "a key that leaves its folder",
      job({ task: "detect", image: { s3: { bucket: "photos", key: "2026/../a.jpg" } } }),
      400,
      "invalid_request",
      "without '.' and '..' segments but received \"2026/../a.jpg\"",
    ],
    ["a bad upload id", job({ task: "detect", image: { upload: "../x" } }), 400, "invalid_request", "/image/upload"],
    ["two references in one", job({ task: "detect", image: { ...s3, ...upload } }), 400, "invalid_request", "/image"],
    [
      "metadata that is no text",
      job({ task: "detect", image: s3, metadata: { "a\nb": 1 } }),
      400,
      "invalid_request",
      "/metadata",
    ],
    [
      "metadata with a long name",
      job({ task: "detect", image: s3, metadata: { ["k".repeat(65)]: "" } }),
      400,
      "invalid_request",
      "1 to 64 characters",
    ],
    [
      "too short a life",
      job({ task: "detect", image: s3, resultTtlSeconds: 59 }),
      400,
      "invalid_request",
      "60 to 604800",
    ],
    ["an upload that never came", job({ task: "detect", image: upload }), 404, "upload_not_found", "0000"],
    [
      "an upload of no size",
      { method: "POST", url: "/v1/uploads", payload: { contentType: "image/png", size: 0 } },
      400,
      "invalid_request",
      "/size",
    ],
    [
      "an upload that is too large",
      { method: "POST", url: "/v1/uploads", payload: { contentType: "image/png", size: 10_001 } },
      413,
      "image_too_large",
      "10001",
    ],
    [
      "an upload of another type",
      { method: "POST", url: "/v1/uploads", payload: { contentType: "image/bmp", size: 1 } },
      400,
      "invalid_request",
      "image/bmp",
    ],
    ["an unknown route", { url: "/v2/jobs" }, 404, "route_not_found", "/v2/jobs"],
    ["another method", { method: "PUT", url: "/v1/jobs" }, 405, "method_not_allowed", "GET or HEAD or POST"],
    ["a bad URL", { url: "/v1/jobs/%zz" }, 400, "invalid_request", "URL"],
    ["an unknown query", { url: `/v1/jobs/j${"0".repeat(32)}?expand=1` }, 400, "invalid_request", '"expand"'],
  ])("%s is a problem", async (_what, request, status, code, detail) => {
    const answer = await api.inject(request);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({
      status,
      code,
      detail: expect.stringContaining(detail),
      requestId: answer.headers["x-request-id"],
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.body).not.toMatch(/node_modules|\.ts:/);
  });

  it.each([
    ["minBoxSize", -1],
    ["maxYaw", 181],
    ["maxPitch", "20"],
    ["maxRoll", -5],
    ["minBrightness", 1.5],
    ["maxBrightness", 128],
    ["minSharpness", 65],
    ["quality", "high"],
  ])("refuses the option %s: %j", async (name, value) => {
    const answer = await api.inject(job({ task: "detect", image: s3, options: { [name]: value } }));
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "invalid_request", errors: [{ path: `/options/${name}` }] });
  });

  it("lists every fault with its path, but not endlessly", async () => {
    const options = { minFaceSize: 1, order: "size", landmarks: "yes" };
    const faults = (await api.inject(job({ task: "detect", image: s3, options, priority: "urgent" }))).json<Problem>();
    expect(faults.errors).toEqual([
      {
        path: "/options/minFaceSize",
        message: "Expected an integer from 12 to 2000 for /options/minFaceSize but received 1",
      },
      {
        path: "/options/order",
        message: 'Expected one of "prominence", "confidence", "left-to-right" for /options/order but received "size"',
      },
      { path: "/options/landmarks", message: 'Expected true or false for /options/landmarks but received "yes"' },
      { path: "/priority", message: 'Expected one of "low", "normal", "high" for /priority but received "urgent"' },
    ]);
    const bad = Array.from({ length: 512 }, () => "x");
    const many = await api.inject({
      method: "POST",
      url: "/compare-faces",
      payload: { embedding1: bad, embedding2: bad },
    });
    expect(many.json<Problem>().errors).toHaveLength(20);
  });

  it.each([
    ["in the middle of the image", 4000],
    ["in the middle of a header", 60],
  ])("takes a form that ends %s for broken", async (_where, length) => {
    const { payload, ...request } = form("/detect-face", [imagePart(Buffer.alloc(5000))]);
    const answer = await api.inject({ ...request, payload: (payload as Buffer).subarray(0, length) });
    expect(answer.json()).toMatchObject({ code: "invalid_request", detail: expect.stringContaining("broken") });
  });

  it("answers a bomb before it has arrived, and takes the next request on the same connection", async () => {
    const { payload, headers } = form("/detect-face", [imagePart(Buffer.alloc(3_000_000))]);
    const body = payload as Buffer;
    const { socket, sendHead } = await connectTo(api);
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    sendHead(headers?.["content-type"], body.length);
    socket.write(body.subarray(0, 1_000_000));
    await eventually(() => received.includes("image_too_large"));
    socket.write(body.subarray(1_000_000));
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually(() => received.includes('"status":"ok"'));
    socket.destroy();
  });

  it("keeps nothing of a client that goes away in the middle of its image", async () => {
    const { payload, headers } = form("/detect-face", [imagePart(Buffer.alloc(9000))]);
    const { socket, sendHead } = await connectTo(api);
    sendHead(headers?.["content-type"], 9999);
    socket.write((payload as Buffer).subarray(0, 5000));
    await eventually(async () => (await api.registeredUploads()).length === 1);
    socket.destroy();
    await eventually(async () => (await api.registeredUploads()).length === 0);
  });
});

async function connectTo({ app }: ApiRig) {
  const address = app.server.listening ? app.listeningOrigin : await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect(Number(new URL(address).port), "127.0.0.1");
  await once(socket, "connect");
  const sendHead = (type: unknown, length: number) => {
    const lines = [
      "POST /detect-face HTTP/1.1",
      "Host: localhost",
      `Content-Type: ${type}`,
      `Content-Length: ${length}`,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  };
  return { socket, sendHead };
}

/** A form of one part with these words about it. */
function rawForm(disposition: string, boundaryLength = 8): InjectOptions {
  const boundary = "b".repeat(boundaryLength);
  const payload = `--${boundary}\r\nContent-Disposition: ${disposition}\r\n\r\nx\r\n--${boundary}--\r\n`;
  return {
    method: "POST",
    url: "/detect-face",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    payload,
  };
}
