import { randomBytes } from "node:crypto";
import type { FaceJobPayload, MatchResult } from "@facefleet/contracts";
import type { InjectOptions } from "fastify";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi, withRedis } from "./api-rig.js";
import { embedding, face, model } from "./canned-results.js";

const result: MatchResult = {
  probe: { face: face(0.99), faceCount: 1 },
  matches: [
    {
      index: 1,
      match: true,
      similarity: 0.95,
      cosineSimilarity: 0.9,
      euclideanDistance: 0.447,
      decision: "match",
    },
  ],
  failed: [],
  threshold: 1,
  uncertainBand: { from: 0.97, to: 1.1 },
  model,
};
const base64 = Buffer.from(Float32Array.from(embedding).buffer).toString("base64");
const s3 = { s3: { bucket: "photos", key: "a.jpg" } };

describe("a match", () => {
  let api: ApiRig;
  beforeAll(async () => {
    api = await startApi();
  });
  afterEach(async () => {
    await eventually(async () => (await api.registeredUploads()).length === 0);
    expect(await api.storedUploads()).toEqual([]);
  });
  afterAll(() => api.close());

  const submit = (job: object, headers: Record<string, string> = {}) =>
    api.inject({
      method: "POST",
      url: "/v1/jobs",
      payload: { task: "match", ...job },
      headers,
    } satisfies InjectOptions);

  it("leaves nothing of an embedding in Redis, and takes what it stored along when it is canceled", async () => {
    const answer = await submit({ probe: s3, gallery: [{ embedding }] });
    expect(answer.statusCode).toBe(202);
    expect(await api.storedUploads()).toHaveLength(1);
    const kept = await withRedis(api.config, async (redis) => {
      const names = await redis.keys(`${api.config.QUEUE_PREFIX}*`);
      return JSON.stringify(await Promise.all(names.map((name) => redis.hgetall(name).catch(() => ({})))));
    });
    expect(kept).toContain(answer.json<{ id: string }>().id);
    expect(kept).not.toContain(base64.slice(0, 40));
    expect(kept).not.toContain(String(embedding[1]));
    await api.inject({ method: "DELETE", url: answer.headers.location as string });
  });

  it("takes embeddings of few digits, which take more where they are kept", async () => {
    const axis = embedding.map((_, index) => (index === 0 ? 1 : 0));
    const answer = await submit({ probe: { embedding: axis }, gallery: [{ embedding: axis }, { embedding: axis }] });
    expect(answer.statusCode).toBe(202);
    await api.inject({ method: "DELETE", url: answer.headers.location as string });
  });

  it("is the same request with the same embeddings, however they are written", async () => {
    const headers = { "idempotency-key": "once" };
    const first = await submit({ probe: s3, gallery: [{ embedding }] }, headers);
    const again = await submit({ gallery: [{ embedding: base64 }], probe: s3 }, headers);
    expect([first.statusCode, again.statusCode]).toEqual([202, 200]);
    expect(again.json<{ id: string }>().id).toBe(first.json<{ id: string }>().id);
    expect(await api.storedUploads()).toHaveLength(1);
    const other = await submit({ probe: s3, gallery: [{ embedding: embedding.toReversed() }] }, headers);
    expect(other.json()).toMatchObject({ code: "idempotency_conflict" });
    await api.inject({ method: "DELETE", url: first.headers.location as string });
  });

  it.each([
    [
      "too short an embedding",
      { embedding: embedding.slice(1) },
      "invalid_embedding",
      "for /gallery/1/embedding but received 511",
    ],
    ["the zero vector", { embedding: embedding.map(() => 0) }, "invalid_embedding", "zero"],
    ["other text", { embedding: "a face" }, "invalid_embedding", "base64 of float32 for /gallery/1/embedding"],
    ["nothing of it", {}, "invalid_request", "/gallery/1"],
    ["an image and an embedding in one", { ...s3, embedding }, "invalid_request", "/gallery/1"],
    ["an upload that is not there", { upload: "0".repeat(32) }, "upload_not_found", "0000"],
  ])("is refused with %s in its gallery, and keeps nothing", async (_, bad, code, detail) => {
    const answer = await submit({ probe: { data: "QUJD" }, gallery: [{ embedding }, bad] });
    expect(answer.json()).toMatchObject({ code, detail: expect.stringContaining(detail) });
  });

  it.each([
    ["no gallery", { probe: s3 }, "/gallery"],
    ["an empty one", { probe: s3, gallery: [] }, "a list of 1 to 100 items"],
    ["more than 100", { probe: s3, gallery: Array(101).fill(s3) }, "a list of 101 items"],
    ["images in place of it", { images: [s3, s3] }, "/probe"],
  ])("is refused with %s", async (_, job, detail) => {
    const answer = await submit(job);
    expect(answer.json<{ detail: string }>()).toMatchObject({ code: "invalid_request" });
    expect(answer.body).toContain(detail);
  });

  it("has its images in order, and its embeddings stored", async () => {
    const bytes = randomBytes(2000);
    const seen: { payload: FaceJobPayload; image: Buffer; given: unknown }[] = [];
    await api.startWorker(async ({ payload }) => {
      const upload = async (id: string) => api.own.upload(id).get({ maxBytes: 1e6 });
      const [, image] = payload.images as [unknown, { upload: string }];
      const given: unknown = JSON.parse(String(await upload(payload.given!.upload)));
      seen.push({ payload, image: await upload(image.upload), given });
      return result;
    });
    const gallery = [
      { embedding, fingerprint: "0123abcd" },
      s3,
      { embedding: base64 },
      { data: bytes.toString("base64") },
    ];
    const { links } = (await submit({ probe: { embedding: base64 }, gallery })).json();
    expect((await api.inject({ url: `${links.self}?wait=5` })).json()).toMatchObject({ state: "succeeded", result });
    const [{ payload, image, given }] = seen as [(typeof seen)[0]];
    expect(payload).toMatchObject({ task: "match", images: [s3, {}], given: { places: [0, 1, 3] } });
    expect(image).toEqual(bytes);
    expect(given).toEqual([
      { embedding: base64 },
      { embedding: base64, fingerprint: "0123abcd" },
      { embedding: base64 },
    ]);
  });
});
