import type { Problem, ProblemCode } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { portrait } from "../support/test-data.js";
import { type Answer, Caller, expectProblem } from "./caller.js";
import { openBuckets } from "./s3-objects.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);

const image = { s3: { bucket: "photos", key: "any.png" } };
const detect = { task: "detect", image };

/** `count` pairs of metadata. */
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, "x"]));

describe("a job is refused", () => {
  const expectRefusal = (answer: Answer<unknown>, path: string) => {
    expectProblem(answer, 400, "invalid_request");
    expect((answer.body as Problem).errors!.map((fault) => fault.path)).toContain(path);
  };

  it.each<[what: string, path: string, request: object]>([
    ["no task", "/task", { image }],
    ["another task", "/task", { task: "dream", image }],
    ["no image", "/image", { task: "detect" }],
    ["two images to detect in", "/images", { task: "detect", image, images: [image, image] }],
    ["one image to verify", "/images", { task: "verify", images: [image] }],
    ["three images to verify", "/images", { task: "verify", images: [image, image, image] }],
    ["a single image to verify", "/image", { task: "verify", image }],
    ["an unknown field", "/colour", { ...detect, colour: "red" }],
    ["another priority", "/priority", { ...detect, priority: "urgent" }],
    ["the service's own priority", "/priority", { ...detect, priority: "interactive" }],
    ["59 seconds", "/resultTtlSeconds", { ...detect, resultTtlSeconds: 59 }],
    ["more than a week", "/resultTtlSeconds", { ...detect, resultTtlSeconds: 604_801 }],
    ["half seconds", "/resultTtlSeconds", { ...detect, resultTtlSeconds: 60.5 }],
    ["17 pairs of metadata", "/metadata", { ...detect, metadata: pairs(17) }],
    ["metadata of numbers", "/metadata/a", { ...detect, metadata: { a: 1 } }],
    ["metadata without a name", "/metadata/", { ...detect, metadata: { "": "x" } }],
    ["long metadata", "/metadata/a", { ...detect, metadata: { a: "x".repeat(513) } }],
    ["a webhook without a URL", "/webhook/url", { ...detect, webhook: {} }],
    ["a webhook by mail", "/webhook/url", { ...detect, webhook: { url: "mailto:a@example.com" } }],
    ["two places of one image", "/image", { task: "detect", image: { ...image, url: "https://example.com/a.png" } }],
    ["an image that is nowhere", "/image", { task: "detect", image: {} }],
    ["a file of the service", "/image/url", { task: "detect", image: { url: "file:///etc/passwd" } }],
    ["no key", "/image/s3/key", { task: "detect", image: { s3: { bucket: "photos" } } }],
    ["no bucket's name", "/image/s3/bucket", { task: "detect", image: { s3: { bucket: "A b", key: "a" } } }],
    ["no upload's id", "/image/upload", { task: "detect", image: { upload: "../photos" } }],
  ])("with %s", async (_what, path, request) => {
    expectRefusal(await acme.submit(request), path);
  });

  it.each([
    ["minFaceSize", 11],
    ["minFaceSize", 2001],
    ["minFaceSize", "20"],
    ["minConfidence", -0.1],
    ["minConfidence", 1.1],
    ["maxFaces", 0],
    ["maxFaces", 1001],
    ["maxFaces", 1.5],
    ["order", "random"],
    ["landmarks", "yes"],
    ["quality", 1],
    ["embeddingFormat", "hex"],
    ["glasses", true],
  ])("with the option %s of %o", async (option, value) => {
    expectRefusal(await elsewhere.submit({ ...detect, options: { [option]: value } }), `/options/${option}`);
  });

  it("with every fault named at once", async () => {
    const request = { task: "detect", image, priority: "x", resultTtlSeconds: 1, options: { order: "x", maxFaces: 0 } };
    const { body } = await acme.post("/v1/jobs", request);
    const paths = body.errors!.map(({ path }) => path).sort();
    expect(paths).toEqual(["/options/maxFaces", "/options/order", "/priority", "/resultTtlSeconds"]);
  });

  it.each<[what: string, body: string | undefined, contentType: string | undefined, status: number, code: ProblemCode]>(
    [
      ["broken JSON", "{", "application/json", 400, "malformed_json"],
      ["no JSON", "", "application/json", 400, "malformed_json"],
      ["null", "null", "application/json", 400, "invalid_request"],
      ["a list", "[]", "application/json", 400, "invalid_request"],
      ["a poisoned prototype", '{"__proto__":{"task":"detect"}}', "application/json", 400, "malformed_json"],
      ["plain text", "detect", "text/plain", 415, "unsupported_media_type"],
      ["a URL-encoded form", "task=detect", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
      ["nothing", undefined, undefined, 415, "unsupported_media_type"],
      ["more than 1 MiB", `"${"x".repeat(1_048_576)}"`, "application/json", 413, "body_too_large"],
    ],
  )("as %s", async (_what, text, contentType, status, code) => {
    const headers = contentType === undefined ? {} : { "content-type": contentType };
    const answer = await acme.call("POST", "/v1/jobs", { ...(text !== undefined && { text }), headers });
    expectProblem(answer, status, code);
  });

  it.each(["k".repeat(256), ""])("with an idempotency key of a length other than 1 to 255", async (key) => {
    expectRefusal(await acme.submit(detect, { "idempotency-key": key }), "/idempotency-key");
  });

  it("for images and webhooks at addresses that nobody outside may reach", async () => {
    for (const url of [
      "http://10.0.0.1/a.png",
      "http://169.254.169.254/latest",
      "http://[::1]/a",
      "http://a:b@127.0.0.1/",
    ]) {
      expectProblem(await acme.submit({ task: "detect", image: { url } }), 403, "url_forbidden");
      expectProblem(await acme.submit({ ...detect, webhook: { url } }), 403, "url_forbidden");
    }
  });

  it("for images in buckets that are not open to callers, and for what others have handed over", async () => {
    const own = openBuckets().defaultBucket;
    for (const s3 of [
      { bucket: "elsewhere", key: "a.png" },
      { bucket: own, key: `uploads/${"0".repeat(32)}` },
      { bucket: own, key: "/batches/b0/part-00000.ndjson" },
    ]) {
      expectProblem(await acme.submit({ task: "detect", image: { s3 } }), 403, "bucket_forbidden");
    }
  });

  it("for an upload that has not arrived", async () => {
    expectProblem(await acme.submit({ task: "detect", image: { upload: "0".repeat(32) } }), 404, "upload_not_found");
  });

  describe("as a form", () => {
    const send = (parts: readonly (readonly [name: string, value: string | Blob])[]) => {
      const form = new FormData();
      for (const [name, value] of parts) form.append(name, value);
      return acme.call("POST", "/v1/jobs", { form });
    };
    const job = ["job", JSON.stringify({ task: "detect" })] as const;
    const file = async () => ["image", new Blob([Uint8Array.from(await portrait())])] as const;

    it("without an image, or with an empty one", async () => {
      expectProblem(await send([job]), 400, "missing_image");
      expectProblem(await send([job, ["image", "text"]]), 400, "missing_image");
      expectProblem(await send([job, ["image", new Blob([])]]), 400, "empty_image");
    });

    it("without a job, or with one that is no JSON", async () => {
      expectProblem(await send([await file()]), 400, "invalid_request");
      expectProblem(await send([["job", "{"], await file()]), 400, "malformed_json");
    });

    it("that names its image as well, or would need two", async () => {
      expectRefusal(await send([["job", JSON.stringify(detect)], await file()]), "/image");
      expectProblem(await send([["job", JSON.stringify({ task: "verify" })], await file()]), 400, "missing_image");
    });

    it("with parts that are not expected", async () => {
      expectProblem(await send([job, await file(), await file()]), 400, "invalid_request");
      expectProblem(await send([job, job, await file()]), 400, "invalid_request");
      expectProblem(await send([job, await file(), ["extra", "x"]]), 400, "invalid_request");
    });

    it("that is broken", async () => {
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      expectProblem(await acme.call("POST", "/v1/jobs", { text: "--b\r\nnothing", headers }), 400, "invalid_request");
    });

    it("with an image of more than 20 MiB", async () => {
      const large = new Blob([new Uint8Array(20 * 1024 * 1024 + 1)]);
      expectProblem(await send([job, ["image", large]]), 413, "image_too_large");
    });
  });
});

describe("a job is taken", () => {
  it("with as much metadata as there may be", async () => {
    const metadata = { ...pairs(14), ["k".repeat(64)]: "x", long: "x".repeat(512) };
    const submitted = await acme.submit({ ...detect, metadata, priority: "low", resultTtlSeconds: 604_800 });
    expect([submitted.status, submitted.body.metadata]).toEqual([202, metadata]);
    expect((await elsewhere.job(submitted.body.id)).body.metadata).toEqual(metadata);
  });
});
