import { randomBytes } from "node:crypto";
import type { RunningJob } from "@facefleet/platform";
import type { InjectOptions } from "fastify";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi, withRedis } from "./api-rig.js";
import { analysis, embedding, face, verification } from "./canned-results.js";
import { form, imagePart, jobPart } from "./form.js";

const limit = 1_500_000;
const inline = (bytes: Buffer) => ({ data: bytes.toString("base64") });
const post = (url: string, payload: object, headers: Record<string, string> = {}): InjectOptions => ({
  method: "POST",
  url,
  payload,
  headers,
});

describe("images in JSON", () => {
  let api: ApiRig;
  /** What the images of the last job were. */
  let seen: Buffer[];
  const see = async ({ payload }: RunningJob) => {
    seen = [];
    for (const image of payload.images) {
      if ("upload" in image) seen.push(await api.own.upload(image.upload).get({ maxBytes: limit }));
    }
    if (payload.task === "verify") return verification;
    return analysis([face(0.99, payload.task === "embed" ? { embedding } : {})]);
  };

  beforeAll(async () => {
    api = await startApi({ MAX_IMAGE_BYTES: String(limit) });
  });
  afterEach(async () => {
    await eventually(async () => (await api.registeredUploads()).length === 0);
    expect(await api.storedUploads()).toEqual([]);
  });
  afterAll(() => api.close());

  it("are in neither the queue nor the answers", async () => {
    const bytes = randomBytes(3000);
    const answer = await api.inject(
      post("/v1/jobs", { task: "detect", image: inline(bytes), metadata: { data: "m" } }),
    );
    const some = bytes.toString("base64").slice(0, 60);
    expect(answer.body).not.toContain(some);
    const kept = await withRedis(api.config, async (redis) => {
      const names = await redis.keys(`${api.config.QUEUE_PREFIX}*`);
      const hashes = await Promise.all(names.map((name) => redis.hgetall(name).catch(() => ({}))));
      return JSON.stringify(hashes);
    });
    expect(kept).toContain(answer.json<{ id: string }>().id);
    expect(kept).not.toContain(some);
    await api.inject({ method: "DELETE", url: answer.headers.location as string });
  });

  it("count by their content where a request is repeated, also as a form", async () => {
    const bytes = randomBytes(3000);
    const headers = { "idempotency-key": "once" };
    const first = await api.inject(post("/v1/jobs", { task: "detect", image: inline(bytes) }, headers));
    const again = await api.inject(
      post("/v1/jobs", { image: { data: `data:;base64,${bytes.toString("base64url")}` }, task: "detect" }, headers),
    );
    const parts = [jobPart({ task: "detect" }), imagePart(bytes)];
    const sent = await api.inject(form("/v1/jobs", parts, headers));
    expect([first, again, sent].map(({ statusCode }) => statusCode)).toEqual([202, 200, 200]);
    expect(new Set([first, again, sent].map((answer) => answer.json<{ id: string }>().id)).size).toBe(1);
    expect(await api.storedUploads()).toHaveLength(1);
    const other = await api.inject(post("/v1/jobs", { task: "detect", image: inline(randomBytes(3000)) }, headers));
    expect(other.json()).toMatchObject({ code: "idempotency_conflict" });
    expect(await api.storedUploads()).toHaveLength(1);
    await api.inject({ method: "DELETE", url: first.headers.location as string });
  });

  it.each([
    ["too large", limit + 1, "image_too_large"],
    ["empty", 0, "empty_image"],
  ])("are named where one is %s, and nothing is kept of the request", async (_, bytes, code) => {
    const images = [inline(randomBytes(500)), inline(Buffer.alloc(bytes))];
    const job = await api.inject(post("/v1/jobs", { task: "verify", images }));
    expect(job.json()).toMatchObject({ code, detail: expect.stringMatching(/^In \/images\/1\/data: /) });
    const [image1, image2] = images;
    const compared = await api.inject(post("/compare-faces", { image1, image2 }));
    expect(compared.json()).toMatchObject({ code, detail: expect.stringMatching(/^In \/image2\/data: /) });
    const parts = [imagePart("one", "image1"), imagePart(Buffer.alloc(bytes), "image2")];
    const sent = await api.inject(form("/compare-faces", parts));
    expect(sent.json()).toMatchObject({ code, detail: expect.stringMatching(/^In the part image2: /) });
  });

  it.each<[string, InjectOptions, object]>([
    [
      "no base64",
      post("/v1/jobs", { task: "detect", image: { data: "a photo" } }),
      { code: "invalid_request", errors: [{ path: "/image/data" }] },
    ],
    [
      "a data URL in place of an address",
      post("/v1/jobs", { task: "detect", image: { url: "data:image/png;base64,QUJD" } }),
      { code: "invalid_request", detail: expect.stringContaining("/image/url") },
    ],
    [
      "an image that is no text",
      post("/v1/jobs", { task: "detect", image: { data: 5 } }),
      { code: "invalid_request", errors: [{ path: "/image/data" }] },
    ],
    [
      "an image beside a reference",
      post("/v1/jobs", { task: "detect", image: { data: "QUJD", url: "https://a.example/" } }),
      { code: "invalid_request", detail: expect.stringContaining("/image") },
    ],
    [
      "two images of one name",
      { ...post("/v1/jobs", {}), payload: '{"task":"detect","image":{"data":"QUJD","data":"QUJE"},"image":5}' },
      { code: "invalid_request" },
    ],
    [
      "more images than two",
      post("/v1/jobs", { task: "verify", images: Array(3).fill({ data: "QUJD" }) }),
      { code: "invalid_request", detail: expect.stringContaining("a list of 2 items for /images") },
    ],
    [
      "JSON that breaks off",
      { ...post("/v1/jobs", {}), payload: '{"task":"detect","image":{"data":"QUJD' },
      { code: "malformed_json" },
    ],
    [
      "a task without enough images",
      post("/v1/jobs", { task: "verify", image: { data: "QUJD" } }),
      { code: "invalid_request", errors: expect.arrayContaining([expect.objectContaining({ path: "/images" })]) },
    ],
    [
      "embeddings with an image",
      post("/compare-faces", { embedding1: embedding, embedding2: embedding, image1: { data: "QUJD" } }),
      { code: "invalid_request" },
    ],
    [
      "an item of a batch",
      post("/v1/batches", { task: "detect", items: [{ data: "QUJD" }] }),
      { code: "invalid_request", detail: expect.stringContaining("/items/0") },
    ],
    [
      "too much beside the image",
      post("/v1/jobs", { task: "detect", image: { data: "QUJD" }, metadata: { a: "x".repeat(1_048_577) } }),
      { code: "body_too_large", detail: expect.stringContaining("at most 1048576 bytes besides images") },
    ],
    [
      "an image of a type that is not read",
      { method: "POST", url: "/detect-face", payload: "x", headers: { "content-type": "image/bmp" } },
      {
        code: "unsupported_media_type",
        detail: expect.stringMatching(/^Expected multipart.* but received image\/bmp$/),
      },
    ],
    [
      "a form with one image for two",
      form("/v1/jobs", [imagePart(), jobPart({ task: "verify" })]),
      {
        code: "missing_image",
        detail: "Expected file parts image1 and image2 for the task verify but received a file part image",
      },
    ],
  ])("are refused: %s", async (_, request, problem) => {
    const withType = { ...request, headers: { "content-type": "application/json", ...request.headers } };
    const answer = await api.inject(withType);
    expect(answer.json()).toMatchObject(problem);
  });

  describe("that a worker is there for", () => {
    beforeAll(async () => {
      await api.startWorker(see);
    });

    it("become uploads of a job, also where they are larger than JSON may be", async () => {
      const bytes = randomBytes(limit);
      const submitted = await api.inject(post("/v1/jobs", { image: inline(bytes), task: "detect" }));
      expect(submitted.statusCode).toBe(202);
      const { links } = submitted.json<{ links: { self: string } }>();
      expect((await api.inject({ url: `${links.self}?wait=5` })).json()).toMatchObject({ state: "succeeded" });
      expect(seen).toHaveLength(1);
      expect(seen[0]!.equals(bytes)).toBe(true);
    });

    it("are taken as data URLs, and beside references", async () => {
      const bytes = randomBytes(70_000);
      const images = [
        { s3: { bucket: "photos", key: "a.jpg" } },
        { data: `data:image/png;base64,${bytes.toString("base64")}` },
      ];
      const { links } = (await api.inject(post("/v1/jobs", { task: "verify", images }))).json();
      expect((await api.inject({ url: `${links.self}?wait=5` })).json()).toMatchObject({ state: "succeeded" });
      expect(seen).toEqual([bytes]);
    });

    it("are taken by the endpoints that answer at once, as images themselves are", async () => {
      const [a, b] = [randomBytes(2000), randomBytes(2000)];
      expect((await api.inject(post("/detect-face", { image: inline(a) }))).json()).toMatchObject({ num_faces: 1 });
      expect(seen).toEqual([a]);
      expect((await api.inject(post("/extract-embedding", { image: inline(b) }))).json()).toMatchObject({ embedding });
      expect(seen).toEqual([b]);
      const pair = { image1: inline(a), image2: inline(b) };
      const { similarity } = verification;
      expect((await api.inject(post("/compare-faces", pair))).json()).toMatchObject({ similarity });
      expect(seen).toEqual([a, b]);
      const raw = {
        method: "POST",
        url: "/detect-face",
        payload: b,
        headers: { "content-type": "image/jpeg" },
      } as const;
      expect((await api.inject(raw)).json()).toMatchObject({ num_faces: 1 });
      expect(seen).toEqual([b]);
    });
  });
});
