import { ProblemError } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis, embedding, face, landmarks, quality } from "./canned-results.js";
import { form, imagePart, jobPart, pixels } from "./form.js";

describe("POST /v1/analyse", () => {
  let api: ApiRig;
  let run: Parameters<ApiRig["startWorker"]>[0];
  let late: ApiRig;
  beforeAll(async () => {
    api = await startApi();
    await api.startWorker((job, signal) => run(job, signal));
    late = await startApi({ SYNC_TIMEOUT: "0.1" });
  });
  afterAll(() => Promise.all([api.close(), late.close()]));

  const post = (payload: object | Buffer, headers: Record<string, string> = {}) =>
    api.inject({ method: "POST", url: "/v1/analyse", payload, headers });
  const whole = analysis([face(0.99, { landmarks, quality })]);

  it.each([
    ["a form", () => api.inject(form("/v1/analyse", [imagePart()]))],
    ["JSON with base64", () => post({ image: { data: pixels.toString("base64") } })],
    ["an image itself", () => post(pixels, { "content-type": "image/jpeg" })],
  ])("answers %s with the whole result, and erases it", async (_, ask) => {
    let id = "";
    run = async (job) => {
      id = job.id;
      expect(job.payload).toMatchObject({ task: "detect", options: { landmarks: true, quality: true, maxFaces: 100 } });
      const [image] = job.payload.images as [{ upload: string }];
      expect(await api.own.upload(image.upload).get({ maxBytes: 1000 })).toEqual(pixels);
      return whole;
    };
    const answer = await ask();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.headers["server-timing"]).toContain("detect;dur=40");
    expect(answer.json()).toEqual(whole);
    await eventually(async () => (await api.inject({ url: `/v1/jobs/${id}` })).statusCode === 404);
    await eventually(async () => (await api.registeredUploads()).length === 0);
  });

  it.each([
    [
      "JSON",
      () => post({ task: "embed", options: { maxFaces: 3 }, image: { s3: { bucket: "photos", key: "a.jpg" } } }),
    ],
    [
      "a form",
      () => api.inject(form("/v1/analyse", [jobPart({ task: "embed", options: { maxFaces: 3 } }), imagePart()])),
    ],
  ])("embeds, and takes options, in %s", async (_, ask) => {
    run = async ({ payload }) => {
      expect(payload).toMatchObject({ task: "embed", options: { maxFaces: 3 } });
      return analysis([face(0.99, { embedding })]);
    };
    expect((await ask()).json()).toMatchObject({ faces: [{ embedding }] });
  });

  it("passes on a result that is too large for Redis, and erases it then", async () => {
    const large = analysis(Array.from({ length: 40 }, () => face(0.99, { embedding })));
    let id = "";
    run = async (job) => {
      id = job.id;
      return large;
    };
    const answer = await post(pixels, { "content-type": "image/png" });
    expect(answer.json()).toEqual(large);
    expect(Number(answer.headers["content-length"])).toBe(answer.rawPayload.length);
    await eventually(async () => (await api.inject({ url: `/v1/jobs/${id}` })).statusCode === 404);
  });

  it("hands the job over at the time limit", async () => {
    const answer = await late.inject({
      method: "POST",
      url: "/v1/analyse",
      payload: pixels,
      headers: { "content-type": "image/jpeg" },
    });
    expect(answer.statusCode).toBe(504);
    const { code, job } = answer.json<{ code: string; job: string }>();
    expect(code).toBe("sync_timeout");
    expect(answer.headers.location).toBe(job);
    await late.startWorker(async () => whole);
    expect((await late.inject({ url: `${job}?wait=20` })).json()).toMatchObject({ state: "succeeded", result: whole });
  });

  it.each([
    ["no image", () => post({ task: "embed" }), "invalid_request", "/image"],
    ["another task", () => post({ task: "verify", image: { data: "QUJD" } }), "invalid_request", "/task"],
    [
      "an image in the part job",
      () => api.inject(form("/v1/analyse", [imagePart(), jobPart({ image: { data: "QUJD" } })])),
      "invalid_request",
      "/image",
    ],
    [
      "options that do not go together",
      () => post({ task: "embed", image: { data: "QUJD" }, options: { detection: "none", embedding: "high" } }),
      "invalid_request",
      "/options/embedding",
    ],
    ["nothing", () => api.inject({ method: "POST", url: "/v1/analyse" }), "unsupported_media_type", "image/jpeg"],
  ])("refuses %s, and keeps nothing", async (_, ask, code, detail) => {
    const answer = await ask();
    expect(answer.json()).toMatchObject({ code });
    expect(answer.body).toContain(detail);
    await eventually(async () => (await api.registeredUploads()).length === 0);
  });

  it("gives the job's own problem", async () => {
    run = async () => {
      throw new ProblemError("image_undecodable", "Expected a whole image");
    };
    const answer = await post(pixels, { "content-type": "image/jpeg" });
    expect([answer.statusCode, answer.json().code]).toEqual([422, "image_undecodable"]);
  });
});
