import { setTimeout as sleep } from "node:timers/promises";
import { ProblemError } from "@facefleet/contracts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis, embedding, face, model, verification } from "./canned-results.js";
import { form, imagePart, pixels } from "./form.js";

describe("the simple endpoints", () => {
  let api: ApiRig;
  let run: Parameters<ApiRig["startWorker"]>[0];

  beforeEach(async () => {
    api = await startApi({ SYNC_TIMEOUT: "2" });
    await api.startWorker((job, signal) => run(job, signal));
  });
  afterEach(() => api.close());

  it("detect-face answers with the number of faces and the first one's confidence", async () => {
    let stored: Buffer | undefined;
    run = async ({ payload }) => {
      const [image] = payload.images;
      if (!image || !("upload" in image)) throw new Error("Expected an upload");
      stored = await api.own.upload(image.upload).get({ maxBytes: 1e6 });
      expect(payload).toMatchObject({
        task: "detect",
        options: { maxFaces: 1000, landmarks: false, quality: false, minFaceSize: 20 },
      });
      return analysis([face(0.9987), face(0.95)]);
    };
    const answer = await api.inject(form("/detect-face", [imagePart()]));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      face_detected: true,
      num_faces: 2,
      confidence: 0.9987,
      message: "Found 2 face(s)",
    });
    expect(answer.headers["server-timing"]).toBe(
      "queue;dur=1.25, fetch;dur=2.5, decode;dur=3.75, detect;dur=40, embed;dur=5",
    );
    expect(stored).toEqual(pixels);
    await eventually(async () => (await api.registeredUploads()).length === 0);
    expect(await api.storedUploads()).toEqual([]);
  });

  it("compare-faces compares the faces of two images", async () => {
    const stored: string[] = [];
    run = async ({ payload }) => {
      expect(payload).toMatchObject({ task: "verify", options: { maxFaces: 100, order: "prominence" } });
      for (const image of payload.images) {
        if (!("upload" in image)) throw new Error("Expected an upload");
        stored.push(String(await api.own.upload(image.upload).get({ maxBytes: 1e6 })));
      }
      return verification;
    };
    const answer = await api.inject(form("/compare-faces", [imagePart("two", "image2"), imagePart("one", "image1")]));
    expect(answer.statusCode).toBe(200);
    const { similarity, cosineSimilarity, euclideanDistance, match } = verification;
    const compared = { similarity, cosine_similarity: cosineSimilarity, euclidean_distance: euclideanDistance, match };
    expect(answer.json()).toEqual(compared);
    expect(stored).toEqual(["one", "two"]);
    await eventually(async () => (await api.registeredUploads()).length === 0);
    expect(await api.storedUploads()).toEqual([]);
  });

  it.each([
    ["one image", [imagePart("one", "image1")], 'Expected file parts image1 and image2 but received file "image1"'],
    ["another name", [imagePart()], 'Expected file parts image1 and image2 but received file "image"'],
  ])("compare-faces refuses %s, and keeps nothing", async (_, parts, detail) => {
    const answer = await api.inject(form("/compare-faces", parts));
    expect(answer.json()).toMatchObject({ code: "missing_image", detail });
    await eventually(async () => (await api.registeredUploads()).length === 0);
  });

  it("detect-face without a face is a 200", async () => {
    run = async () => analysis([]);
    const answer = await api.inject(form("/detect-face", [imagePart()]));
    expect(answer.json()).toEqual({
      face_detected: false,
      num_faces: 0,
      confidence: 0,
      message: "No face detected",
    });
  });

  it("extract-embedding answers with every number of the embedding", async () => {
    run = async ({ payload }) => {
      expect(payload).toMatchObject({ task: "embed", options: { maxFaces: 1, order: "prominence" } });
      return analysis([face(0.9987, { embedding })]);
    };
    const answer = await api.inject(form("/extract-embedding", [imagePart()]));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      embedding,
      dimensions: 512,
      confidence: 0.9987,
      model: "FaceNet (Inception ResNet V1)",
    });
  });

  it("extract-embedding names what made the embedding in a header", async () => {
    run = async () => analysis([face(0.9987, { embedding })]);
    const answer = await api.inject(form("/extract-embedding", [imagePart()]));
    expect(answer.headers["x-model-fingerprint"]).toBe(model.fingerprint);
    run = async ({ payload }) => {
      expect(payload.options.embedding).toBe("standard");
      return analysis([face(0.9987)]);
    };
    const detection = await api.inject(form("/detect-face", [imagePart()]));
    expect(detection.statusCode).toBe(200);
    expect(detection.headers).not.toHaveProperty("x-model-fingerprint");
  });

  it("extract-embedding without a face is a problem", async () => {
    run = async () => analysis([]);
    const answer = await api.inject(form("/extract-embedding", [imagePart()]));
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "no_face_detected" });
  });

  it("gives the job's own problem with its status", async () => {
    run = async () => {
      throw new ProblemError("unsupported_image_format", "Expected an image but received text");
    };
    const answer = await api.inject(form("/detect-face", [imagePart()]));
    expect(answer.statusCode).toBe(415);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({
      code: "unsupported_image_format",
      detail: "Expected an image but received text",
      requestId: answer.headers["x-request-id"],
    });
  });

  it("erases the result once it has been answered", async () => {
    let id = "";
    run = async (job) => {
      id = job.id;
      return analysis([]);
    };
    await api.inject(form("/detect-face", [imagePart()]));
    await eventually(async () => (await api.inject({ url: `/v1/jobs/${id}` })).statusCode === 404);
  });

  it("times out with the URL of the job, which goes on", async () => {
    run = async () => {
      await sleep(2500);
      return analysis([face(0.9)]);
    };
    const answer = await api.inject(form("/detect-face", [imagePart()]));
    expect(answer.statusCode).toBe(504);
    const { code, job } = answer.json<{ code: string; job: string }>();
    expect(code).toBe("sync_timeout");
    expect(answer.headers.location).toBe(job);
    const later = await api.inject({ url: `${job}?wait=5` });
    expect(later.json()).toMatchObject({ state: "succeeded", result: { faces: [{ confidence: 0.9 }] } });
  });

  it("cancels the job of a client that goes away", async () => {
    const address = await api.app.listen({ host: "127.0.0.1", port: 0 });
    let aborted = false;
    let started = false;
    run = async (_job, signal) => {
      started = true;
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      while (!signal.aborted) await sleep(20);
      throw signal.reason;
    };
    const body = new FormData();
    body.set("image", new Blob([pixels]), "photo.jpg");
    const client = new AbortController();
    const request = fetch(`${address}/detect-face`, { method: "POST", body, signal: client.signal });
    await eventually(() => started);
    client.abort();
    await expect(request).rejects.toThrow();
    await eventually(() => aborted);
    await eventually(async () => (await api.storedUploads()).length === 0);
  });
});

describe("compare-faces", () => {
  let api: ApiRig;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const compare = (embedding1: unknown, embedding2: unknown, more: object = {}) =>
    api.inject({ method: "POST", url: "/compare-faces", payload: { embedding1, embedding2, ...more } });

  it("compares without a job", async () => {
    const opposite = embedding.map((value) => -value);
    expect((await compare(embedding, embedding)).json()).toEqual({
      similarity: 1,
      cosine_similarity: 1,
      euclidean_distance: 0,
      match: true,
    });
    expect((await compare(embedding, opposite)).json()).toMatchObject({ cosine_similarity: -1, match: false });
    expect(await api.jobs.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
  });

  it.each([
    ["a wrong length", embedding.slice(1), "invalid_embedding", "511"],
    ["the zero vector", embedding.map(() => 0), "invalid_embedding", "zero"],
    ["a string", [...embedding.slice(1), "x"], "invalid_request", "/embedding1/511"],
    ["no list", 5, "invalid_request", "/embedding1"],
  ])("refuses %s", async (_what, bad, code, detail) => {
    const answer = await compare(bad, embedding);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code, detail: expect.stringContaining(detail) });
  });

  it("refuses two fingerprints that differ", async () => {
    const answer = await compare(embedding, embedding, { fingerprint1: "0123abcd", fingerprint2: "4567cdef" });
    expect(answer.statusCode).toBe(422);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({
      code: "fingerprint_mismatch",
      detail: "Expected one fingerprint for both embeddings but received 0123abcd and 4567cdef",
    });
  });

  it.each([
    [{ fingerprint1: "0123abcd", fingerprint2: "0123abcd" }],
    [{ fingerprint1: "0123abcd" }],
    [{ fingerprint2: "0123abcd" }],
  ])("compares with %j as without", async (fingerprints) => {
    const answer = await compare(embedding, embedding, fingerprints);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual((await compare(embedding, embedding)).json());
  });

  it("refuses a fingerprint that is none", async () => {
    const answer = await compare(embedding, embedding, { fingerprint1: 5 });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "invalid_request" });
  });

  it("refuses numbers that are not finite", async () => {
    const numbers = JSON.stringify(embedding);
    const answer = await api.inject({
      method: "POST",
      url: "/compare-faces",
      headers: { "content-type": "application/json" },
      payload: `{"embedding1":${numbers},"embedding2":${numbers.replace("[", "[1e999,")}}`,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ detail: expect.stringContaining("/embedding2/0 but received Infinity") });
  });
});
