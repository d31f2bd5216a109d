import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  dropReasons,
  type Job,
  type JobList,
  type JobOptions,
  type JobResult,
  ProblemError,
} from "@facefleet/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis, embedding, face, landmarks, quality, verification } from "./canned-results.js";
import { form, imagePart, jobPart, pixels } from "./form.js";

const s3Image = { s3: { bucket: "photos", key: "a/b.jpg" } };

describe("jobs", () => {
  let api: ApiRig;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(() => api.close());

  const submit = (payload: object, headers: Record<string, string> = {}) =>
    api.inject({ method: "POST", url: "/v1/jobs", payload, headers });
  const look = async (id: string, wait = 0) => (await api.inject({ url: `/v1/jobs/${id}?wait=${wait}` })).json<Job>();

  it("completes the options and answers 202 with the job's place", async () => {
    const answer = await submit({ task: "detect", image: s3Image, options: { maxFaces: 3 }, metadata: { a: "b" } });
    expect(answer.statusCode).toBe(202);
    const job = answer.json<Job>();
    expect(job).toMatchObject({ task: "detect", state: "queued", attempts: 0, metadata: { a: "b" } });
    expect(answer.headers.location).toBe(`/v1/jobs/${job.id}`);
    let payload: unknown;
    await api.startWorker(async (taken) => {
      payload = taken.payload;
      return analysis([]);
    });
    await look(job.id, 5);
    expect(payload).toEqual({
      task: "detect",
      images: [s3Image],
      options: {
        detector: "mtcnn",
        minFaceSize: 20,
        minConfidence: 0.9,
        maxFaces: 3,
        order: "prominence",
        landmarks: true,
        crops: false,
        quality: true,
        embedding: "standard",
        embeddingFormat: "float",
        detection: "faces",
        orientations: [0],
      },
      metadata: { a: "b" },
      resultTtlSeconds: 86_400,
      tenant: "default",
    });
  });

  it.each<[string, JobResult]>([
    ["a detection", analysis([face(0.99, { landmarks }), face(0.91)])],
    ["what is known of a face's quality", analysis([face(0.99, { quality })])],
    ["an embedding", analysis([face(0.99, { landmarks, embedding })])],
    ["an embedding in base64", analysis([face(0.99, { embedding: "AACAPwAAgD8=" })])],
    ["a verification", verification],
  ])("hands %s out unchanged", async (_what, result) => {
    await api.startWorker(async () => result);
    const { id } = (await submit({ task: "detect", image: s3Image })).json<Job>();
    const job = await look(id, 5);
    expect(job.state).toBe("succeeded");
    expect(job.result).toEqual(result);
  });

  it("hands out every reason to drop a face", async () => {
    const box = { x: 1, y: 2, width: 3, height: 4 };
    const dropped = dropReasons.map((reason) => ({ box, confidence: 0.75, reason }));
    await api.startWorker(async () => ({ ...analysis([]), dropped }));
    const { id } = (await submit({ task: "detect", image: s3Image })).json<Job>();
    expect((await look(id, 5)).result).toMatchObject({ dropped });
  });

  it("passes the limits of quality on to the worker, and no other", async () => {
    const limits = { minBoxSize: 24.5, maxYaw: 30, maxPitch: 25, maxRoll: 0, minBrightness: 0.2, minSharpness: 0.05 };
    const { id } = (
      await submit({ task: "detect", image: s3Image, options: { ...limits, quality: false } })
    ).json<Job>();
    let options: JobOptions | undefined;
    await api.startWorker(async ({ payload }) => {
      options = payload.options;
      return analysis([]);
    });
    await look(id, 5);
    expect(options).toMatchObject({ ...limits, quality: false });
    expect(options).not.toHaveProperty("maxBrightness");
  });

  it("waits for the end, but not longer than asked", async () => {
    const { id } = (await submit({ task: "detect", image: s3Image })).json<Job>();
    const started = Date.now();
    expect(await look(id, 1)).toMatchObject({ state: "queued" });
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
    await api.startWorker(async () => {
      await sleep(300);
      return analysis([]);
    });
    const again = Date.now();
    expect(await look(id, 30)).toMatchObject({ state: "succeeded" });
    expect(Date.now() - again).toBeLessThan(5000);
  });

  it.each(["-1", "31", "1.5", "x", ""])("refuses wait=%s", async (wait) => {
    const answer = await api.inject({ url: `/v1/jobs/j${"0".repeat(32)}?wait=${wait}` });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "invalid_request", errors: [{ path: "/wait" }] });
  });

  it("takes the image along, before or after the job", async () => {
    const received: Buffer[] = [];
    await api.startWorker(async ({ payload }) => {
      const [image] = payload.images;
      if (!image || !("upload" in image)) throw new Error("Expected an upload");
      received.push(await api.own.upload(image.upload).get({ maxBytes: 1e6 }));
      return analysis([]);
    });
    const job = jobPart({ task: "embed", priority: "high" });
    for (const parts of [
      [job, imagePart()],
      [imagePart(), job],
      [imagePart(), { ...job, filename: "blob" }],
      [imagePart(), { name: "job", body: '{"task":"embed"}' }],
    ]) {
      const answer = await api.inject(form("/v1/jobs", parts));
      expect(answer.statusCode).toBe(202);
      expect(await look(answer.json<Job>().id, 5)).toMatchObject({ task: "embed", state: "succeeded" });
    }
    expect(received).toEqual([pixels, pixels, pixels, pixels]);
    await eventually(async () => (await api.storedUploads()).length === 0);
    expect(await api.registeredUploads()).toEqual([]);
  });

  it("takes two images along, in whichever order they come", async () => {
    await api.startWorker(async () => verification);
    const job = jobPart({ task: "verify", options: { maxFaces: 3 } });
    const [first, second] = [imagePart("one", "image1"), imagePart("two", "image2")];
    const key = { "idempotency-key": "pair" };
    const ids = [];
    for (const parts of [
      [job, first, second],
      [second, first, job],
    ]) {
      const answer = await api.inject(form("/v1/jobs", parts, key));
      ids.push(answer.json<Job>().id);
      expect(await look(ids[0]!, 5)).toMatchObject({ task: "verify", state: "succeeded", result: verification });
    }
    // The same images in their roles are the same request; the other way round they are another.
    expect(ids[1]).toBe(ids[0]);
    const turned = [job, imagePart("two", "image1"), imagePart("one", "image2")];
    expect((await api.inject(form("/v1/jobs", turned, key))).statusCode).toBe(409);
    await eventually(async () => (await api.storedUploads()).length === 0);
    expect(await api.registeredUploads()).toEqual([]);
  });

  it.each([
    ["verify with one image", "verify", [imagePart()], "missing_image"],
    ["detect with two", "detect", [imagePart("a", "image1"), imagePart("b", "image2")], "missing_image"],
    ["half a pair", "verify", [imagePart("a", "image1")], "missing_image"],
    ["one and half a pair", "verify", [imagePart(), imagePart("b", "image2")], "missing_image"],
    ["a second first one", "verify", [imagePart("a", "image1"), imagePart("b", "image1")], "invalid_request"],
  ])("refuses %s, and keeps no image", async (_, task, images, code) => {
    const answer = await api.inject(form("/v1/jobs", [jobPart({ task }), ...images]));
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code });
    await eventually(async () => (await api.registeredUploads()).length === 0);
    expect(await api.storedUploads()).toEqual([]);
  });

  it("DELETE cancels a queued job with its upload, and erases a finished one; both twice", async () => {
    const queued = (await api.inject(form("/v1/jobs", [jobPart({ task: "detect" }), imagePart()]))).json<Job>();
    expect(await api.storedUploads()).toHaveLength(1);
    const remove = (id: string) => api.inject({ method: "DELETE", url: `/v1/jobs/${id}` });
    const removed = await remove(queued.id);
    expect([removed.statusCode, removed.body]).toEqual([204, ""]);
    expect(await look(queued.id)).toMatchObject({ state: "canceled" });
    expect(await api.storedUploads()).toEqual([]);
    expect(await api.registeredUploads()).toEqual([]);
    expect((await remove(queued.id)).statusCode).toBe(204);

    await api.startWorker(async () => analysis([]));
    const { id } = (await submit({ task: "detect", image: s3Image })).json<Job>();
    await look(id, 5);
    expect((await remove(id)).statusCode).toBe(204);
    expect((await api.inject({ url: `/v1/jobs/${id}` })).statusCode).toBe(404);
    expect((await remove(id)).statusCode).toBe(204);
  });

  it.each(["j00000000000000000000000000000000", "meta", "events", "x:y", "123"])("knows no job %s", async (id) => {
    await submit({ task: "detect", image: s3Image });
    for (const method of ["GET", "DELETE"] as const) {
      const answer = await api.inject({ method, url: `/v1/jobs/${id}` });
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: "job_not_found" });
    }
  });

  describe("listed", () => {
    const list = async (query = "") => (await api.inject({ url: `/v1/jobs${query}` })).json<JobList>();

    it("are the newest first, in pages, without their results", async () => {
      await api.startWorker(async () => analysis([]));
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        const { id } = (await submit({ task: "detect", image: s3Image })).json<Job>();
        await look(id, 5);
        ids.unshift(id);
      }
      const { jobs, cursor } = await list("?limit=3&state=succeeded");
      expect(jobs.map(({ id }) => id)).toEqual(ids.slice(0, 3));
      expect(jobs[0]).toMatchObject({ state: "succeeded", links: { self: `/v1/jobs/${ids[0]}` } });
      expect(jobs[0]).not.toHaveProperty("result");
      const rest = await list(`?cursor=${cursor}`);
      expect(rest.jobs.map(({ id }) => id)).toEqual(ids.slice(3));
      expect(rest).not.toHaveProperty("cursor");
      expect(await list("?state=queued")).toEqual({ jobs: [] });
    });

    it.each([
      ["limit=0", "/limit"],
      ["limit=101", "/limit"],
      ["state=done", "/state"],
      ["cursor=x", "/cursor"],
      ["colour=red", "/colour"],
    ])("are refused with ?%s", async (query, path) => {
      const answer = await api.inject({ url: `/v1/jobs?${query}` });
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ code: "invalid_request", errors: [{ path }] });
    });
  });

  describe("retried", () => {
    const retry = (id: string) => api.inject({ method: "POST", url: `/v1/jobs/${id}/retry` });

    it("go on under their id", async () => {
      let runs = 0;
      await api.startWorker(async () => {
        runs += 1;
        if (runs === 1) throw new ProblemError("image_not_found");
        return analysis([]);
      });
      const { id } = (await submit({ task: "detect", image: s3Image })).json<Job>();
      expect(await look(id, 5)).toMatchObject({ state: "failed", attempts: 1 });
      const answer = await retry(id);
      expect([answer.statusCode, answer.headers.location]).toEqual([202, `/v1/jobs/${id}`]);
      expect(answer.json()).toMatchObject({ id, state: "queued" });
      expect(await look(id, 5)).toMatchObject({ state: "succeeded", attempts: 2 });
      const again = await retry(id);
      expect([again.statusCode, again.json()]).toMatchObject([409, { code: "job_not_failed" }]);
    });

    it("are refused when their upload is gone, or they never were", async () => {
      await api.startWorker(() => Promise.reject(new ProblemError("image_undecodable")));
      const sent = await api.inject(form("/v1/jobs", [jobPart({ task: "detect" }), imagePart()]));
      const { id } = sent.json<Job>();
      await look(id, 5);
      const answer = await retry(id);
      expect([answer.statusCode, answer.json()]).toMatchObject([409, { code: "job_not_repeatable" }]);
      expect((await retry(`j${"0".repeat(32)}`)).statusCode).toBe(404);
    });
  });

  describe("with an idempotency key", () => {
    const headers = { "idempotency-key": "order 17" };

    it("gives the same job to the same request, and refuses another", async () => {
      const first = await submit({ task: "detect", image: s3Image }, headers);
      const second = await submit({ task: "detect", image: s3Image }, headers);
      expect([first.statusCode, second.statusCode]).toEqual([202, 200]);
      expect(second.json<Job>().id).toBe(first.json<Job>().id);
      const other = await submit({ task: "embed", image: s3Image }, headers);
      expect(other.statusCode).toBe(409);
      expect(other.json()).toMatchObject({ code: "idempotency_conflict" });
    });

    it("compares images by their bytes, and keeps no second copy", async () => {
      const send = (image: string) =>
        api.inject(form("/v1/jobs", [jobPart({ task: "detect" }), imagePart(image)], headers));
      const first = await send("one");
      const second = await send("one");
      expect([first.statusCode, second.statusCode]).toEqual([202, 200]);
      expect(second.json<Job>().id).toBe(first.json<Job>().id);
      expect((await send("two")).statusCode).toBe(409);
      expect(await api.storedUploads()).toHaveLength(1);
      // The one upload is the job's now: it stays for as long as the job waits.
      expect(await api.waitingUploads()).toEqual([]);
    });

    it("refuses a key that is too long", async () => {
      const answer = await submit({ task: "detect", image: s3Image }, { "idempotency-key": "k".repeat(256) });
      expect(answer.json()).toMatchObject({ code: "invalid_request", errors: [{ path: "/idempotency-key" }] });
    });
  });

  it("refuses an upload that has not arrived", async () => {
    const answer = await submit({ task: "detect", image: { upload: randomBytes(16).toString("hex") } });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: "upload_not_found" });
  });

  it("refuses references to what others uploaded", async () => {
    const answer = await submit({ task: "detect", image: { s3: { bucket: "local", key: "uploads/abc" } } });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: "bucket_forbidden" });
  });
});
