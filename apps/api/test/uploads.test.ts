import { setTimeout as sleep } from "node:timers/promises";
import { type Job, ProblemError, type Upload } from "@facefleet/contracts";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type S3Server, startS3Server } from "../../../packages/platform/test/s3-server.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis } from "./canned-results.js";
import { form, imagePart, jobPart, pixels } from "./form.js";

const wanted = { contentType: "image/jpeg", size: pixels.length };

async function ask(api: ApiRig, payload: object = wanted): Promise<Upload> {
  const answer = await api.inject({ method: "POST", url: "/v1/uploads", payload });
  expect(answer.statusCode).toBe(201);
  return answer.json<Upload>();
}

/** Uses an upload as its caller would: exactly as it says. */
function send({ url, method, headers }: Upload, body: Buffer = pixels): Promise<Response> {
  return fetch(url, { method, headers, body });
}

/** Without saying beforehand how much it is; an error breaks it off. */
function sendChunked({ url, method, headers }: Upload, parts: (Uint8Array | Error)[]): Promise<Response> {
  const body = new ReadableStream({
    async start(controller) {
      for (const part of parts) {
        if (part instanceof Error) return controller.error(part);
        controller.enqueue(part);
        await sleep(50);
      }
      controller.close();
    },
  });
  return fetch(url, { method, headers, body, duplex: "half" });
}

async function submit(api: ApiRig, upload: Upload): Promise<Job> {
  const payload = { task: "detect", image: { upload: upload.id } };
  const answer = await api.inject({ method: "POST", url: "/v1/jobs", payload });
  expect(answer.statusCode, answer.body).toBe(202);
  return answer.json<Job>();
}

async function detect(api: ApiRig, upload: Upload): Promise<Job> {
  const { id } = await submit(api, upload);
  return (await api.inject({ url: `/v1/jobs/${id}?wait=5` })).json<Job>();
}

function storedImage(api: ApiRig, received: Buffer[]) {
  return api.startWorker(async ({ payload }) => {
    const [image] = payload.images;
    if (!image || !("upload" in image)) throw new Error("Expected an upload");
    received.push(await api.own.upload(image.upload).get({ maxBytes: 1e8 }));
    return analysis([]);
  });
}

describe("uploads to the folder store", () => {
  let api: ApiRig;
  beforeEach(async () => {
    api = await startApi({ AUTH: "none" });
    await api.app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(() => api.close());

  /** As `ask`, with the address that the API listens on, which an injected request does not know. */
  async function askOwn(payload?: object): Promise<Upload> {
    const upload = await ask(api, payload);
    const { pathname, search } = new URL(upload.url);
    return { ...upload, url: `${api.app.listeningOrigin}${pathname}${search}` };
  }

  it("gives a URL of the host that was asked", async () => {
    const request = {
      method: "POST" as const,
      url: "/v1/uploads",
      payload: wanted,
      headers: { host: "faces.test:8080" },
    };
    expect((await api.inject(request)).json<Upload>().url).toMatch(
      /^http:\/\/faces\.test:8080\/v1\/uploads\/[0-9a-f]{32}\?/,
    );
  });

  it.each(["a b", "["])("refuses the host %j", async (host) => {
    const answer = await api.inject({ method: "POST", url: "/v1/uploads", payload: wanted, headers: { host } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "invalid_request" });
  });

  it("takes the bytes, again if need be, and deletes them when their job has ended", async () => {
    const received: Buffer[] = [];
    await storedImage(api, received);
    const upload = await askOwn();
    expect(Date.parse(upload.expiresAt)).toBeGreaterThan(Date.now());
    expect(upload.headers).toEqual({ "content-type": "image/jpeg" });
    const second = Buffer.from(pixels).reverse();
    expect((await send(upload)).status).toBe(204);
    expect((await send(upload, second)).status).toBe(204);
    expect(await detect(api, upload)).toMatchObject({ state: "succeeded" });
    expect(received).toEqual([second]);
    await expect.poll(() => api.storedUploads()).toEqual([]);
    // Whoever has the URL can still try: it stays on the register until that is over.
    expect((await send(upload)).status).toBe(403);
    expect([await api.registeredUploads(), await api.waitingUploads()]).toEqual([[upload.id], []]);
  });

  it.each<[string, (upload: Upload) => Promise<unknown>]>([
    ["too short", (upload) => sendChunked(upload, [pixels.subarray(1)])],
    ["too long", (upload) => sendChunked(upload, [pixels, pixels])],
    ["broken off", (upload) => sendChunked(upload, [pixels.subarray(1), new Error("gone")]).catch(() => undefined)],
  ])(
    "keeps what has arrived when it is sent again and that is %s, before its job and after it",
    async (_what, resend) => {
      const received: Buffer[] = [];
      const upload = await askOwn();
      await send(upload);
      await resend(upload);
      const { id } = await submit(api, upload);
      await resend(upload);
      expect(await api.storedUploads()).toEqual([upload.id]);
      await storedImage(api, received);
      expect((await api.inject({ url: `/v1/jobs/${id}?wait=5` })).json<Job>()).toMatchObject({ state: "succeeded" });
      expect(received).toEqual([pixels]);
    },
  );

  it("is its job's also when it is sent again after the submission", async () => {
    const upload = await askOwn();
    await send(upload);
    await submit(api, upload);
    expect((await send(upload)).status).toBe(204);
    expect(await api.waitingUploads()).toEqual([]);
  });

  it("is there for every job that names it, and goes with the last", async () => {
    const upload = await askOwn();
    await send(upload);
    const jobs = [await submit(api, upload), await submit(api, upload)];
    expect((await api.inject({ method: "DELETE", url: `/v1/jobs/${jobs[0]!.id}` })).statusCode).toBe(204);
    expect(await api.storedUploads()).toEqual([upload.id]);
    const received: Buffer[] = [];
    await storedImage(api, received);
    const last = (await api.inject({ url: `/v1/jobs/${jobs[1]!.id}?wait=5` })).json<Job>();
    expect(last).toMatchObject({ state: "succeeded" });
    await expect.poll(() => api.storedUploads()).toEqual([]);
  });

  it("is kept with a job that failed and can be tried again", async () => {
    const upload = await askOwn();
    await send(upload);
    const worker = await api.startWorker(() => Promise.reject(new ProblemError("inference_failed")));
    const { id } = await submit(api, upload);
    const failed = (await api.inject({ url: `/v1/jobs/${id}?wait=20` })).json<Job>();
    expect(failed).toMatchObject({ state: "failed", error: { retryable: true } });
    await worker.stop(1000);
    const received: Buffer[] = [];
    expect((await api.inject({ method: "POST", url: `/v1/jobs/${id}/retry` })).statusCode).toBe(202);
    await storedImage(api, received);
    expect((await api.inject({ url: `/v1/jobs/${id}?wait=5` })).json<Job>()).toMatchObject({ state: "succeeded" });
    expect(received).toEqual([pixels]);
    await expect.poll(() => api.storedUploads()).toEqual([]);
  });

  it.each<[string, (upload: Upload) => Upload]>([
    ["another size", (upload) => ({ ...upload, url: upload.url.replace(/size=\d+/, "size=99") })],
    [
      "another type",
      (upload) => ({ ...upload, url: upload.url.replace("jpeg", "png"), headers: { "content-type": "image/png" } }),
    ],
    ["another id", (upload) => ({ ...upload, url: upload.url.replace(upload.id, "f".repeat(32)) })],
    ["a later end", (upload) => ({ ...upload, url: upload.url.replace(/expires=\d+/, "expires=4000000000") })],
    ["another signature", (upload) => ({ ...upload, url: upload.url.replace(/signature=.*/, "signature=AAAA") })],
    ["another Content-Type", (upload) => ({ ...upload, headers: { "content-type": "image/png" } })],
  ])("refuses %s than was signed", async (_what, forge) => {
    const answer = await send(forge(await askOwn()));
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: "upload_url_invalid" });
    expect(await api.storedUploads()).toEqual([]);
  });

  it.each([pixels.subarray(1), Buffer.concat([pixels, pixels])])(
    "refuses other sizes, whether announced or not",
    async (body) => {
      const upload = await askOwn();
      expect((await send(upload, body)).status).toBe(403);
      const chunked = await fetch(upload.url, {
        method: "PUT",
        headers: upload.headers,
        body: new Blob([body]).stream(),
        duplex: "half",
      });
      expect([403, 413]).toContain(chunked.status);
      expect(await api.storedUploads()).toEqual([]);
    },
  );

  it("refuses a URL that has expired", async () => {
    const { signUpload } = await import("../src/uploads/upload-signature.js");
    const upload = await askOwn();
    const grant = { id: upload.id, size: pixels.length, type: "image/jpeg", expires: 1_700_000_000, keyId: undefined };
    const url = new URL(upload.url);
    url.searchParams.set("expires", String(grant.expires));
    url.searchParams.set("signature", signUpload(grant, await api.uploads.secret()));
    const answer = await send({ ...upload, url: url.href });
    expect(await answer.json()).toMatchObject({
      code: "upload_url_invalid",
      detail: expect.stringContaining("expired"),
    });
  });

  it("refuses ids of another form", async () => {
    const answer = await api.inject({
      method: "PUT",
      url: "/v1/uploads/..%2f..%2fetc?expires=1&size=1&type=image/png&signature=x",
      headers: { "content-type": "image/png" },
      payload: "x",
    });
    expect(answer.json()).toMatchObject({ code: "invalid_request", errors: [{ path: "/id" }] });
  });
});

describe("with an S3 store", () => {
  let s3: S3Server;
  let api: ApiRig;
  beforeEach(async () => {
    s3 = await startS3Server();
    await s3.createBucket("photos");
    api = await startApi({
      S3_ENDPOINT: s3.endpoint,
      // Only this machine could reach it: that callers can has to be said.
      S3_PUBLIC_ENDPOINT: s3.endpoint,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      S3_ALLOWED_BUCKETS: "photos",
    });
  });
  afterEach(async () => {
    await api.close();
    await s3.stop();
  });

  it("presigns uploads to S3, and has no PUT of its own", async () => {
    const received: Buffer[] = [];
    await storedImage(api, received);
    const upload = await ask(api);
    expect(upload.url.startsWith(s3.endpoint)).toBe(true);
    expect((await send(upload)).status).toBe(200);
    expect(await detect(api, upload)).toMatchObject({ state: "succeeded" });
    expect(received).toEqual([pixels]);
    expect((await api.inject({ method: "PUT", url: `/v1/uploads/${upload.id}` })).statusCode).toBe(404);
  });

  it("names the store in upload URLs as callers know it", async () => {
    const known = await startApi({
      ...{ S3_ENDPOINT: s3.endpoint, S3_PUBLIC_ENDPOINT: "https://store.example.com", S3_BUCKET: s3.bucket },
      ...{ S3_ACCESS_KEY_ID: s3.accessKeyId, S3_SECRET_ACCESS_KEY: s3.secretAccessKey },
    });
    onTestFinished(() => known.close());
    expect((await ask(known)).url).toMatch(new RegExp(`^https://store\\.example\\.com/${s3.bucket}/`));
  });

  it("takes the bytes itself where callers cannot reach S3", async () => {
    const inside = await startApi({
      ...{ S3_ENDPOINT: s3.endpoint, S3_BUCKET: s3.bucket },
      ...{ S3_ACCESS_KEY_ID: s3.accessKeyId, S3_SECRET_ACCESS_KEY: s3.secretAccessKey },
    });
    onTestFinished(() => inside.close());
    const origin = await inside.app.listen({ host: "127.0.0.1", port: 0 });
    const received: Buffer[] = [];
    await storedImage(inside, received);
    const upload = await ask(inside);
    const { pathname, search } = new URL(upload.url);
    expect(pathname).toBe(`/v1/uploads/${upload.id}`);
    expect((await send({ ...upload, url: `${origin}${pathname}${search}` })).status).toBe(204);
    expect(await detect(inside, upload)).toMatchObject({ state: "succeeded" });
    expect(received).toEqual([pixels]);
  });

  it("takes the image of a form", async () => {
    const received: Buffer[] = [];
    await storedImage(api, received);
    const image = Buffer.alloc(8_000_000, "x");
    const answer = await api.inject(form("/v1/jobs", [imagePart(image), jobPart({ task: "detect" })]));
    expect((await api.inject({ url: `/v1/jobs/${answer.json<Job>().id}?wait=10` })).json()).toMatchObject({
      state: "succeeded",
    });
    expect(received[0]?.equals(image)).toBe(true);
    await expect.poll(() => api.registeredUploads()).toEqual([]);
  });

  it("keeps nothing of an image that is too large", async () => {
    const answer = await api.inject(form("/detect-face", [imagePart(Buffer.alloc(21_000_000))]));
    expect(answer.json()).toMatchObject({ code: "image_too_large" });
    expect(await api.registeredUploads()).toEqual([]);
  });

  it("goes on knowing what a store that did not answer may still keep", async () => {
    vi.spyOn(api.store, "put").mockRejectedValueOnce(new ProblemError("store_unavailable"));
    const answer = await api.inject(form("/v1/jobs", [imagePart(), jobPart({ task: "detect" })]));
    expect(answer.json()).toMatchObject({ code: "store_unavailable" });
    expect(await api.waitingUploads()).toEqual([]);
    expect(await api.registeredUploads()).toHaveLength(1);
  });

  it("lets jobs name the allowed buckets only", async () => {
    const name = (bucket: string) =>
      api.inject({
        method: "POST",
        url: "/v1/jobs",
        payload: { task: "detect", image: { s3: { bucket, key: "a.jpg" } } },
      });
    expect((await name("photos")).statusCode).toBe(202);
    const forbidden = await name("secrets");
    expect(forbidden.statusCode).toBe(403);
    expect(forbidden.json()).toMatchObject({ code: "bucket_forbidden" });
  });
});
